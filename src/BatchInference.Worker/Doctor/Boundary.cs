using BatchInference.Documents;

namespace BatchInference.Worker.Doctor;

/// <summary>Round every check: one that ends with what nobody expected is itself something that would stop a night, and says nothing of the others.</summary>
internal static class Boundary
{
    /// <summary>What a check found.</summary>
    public static Finding Round(string check, Func<Finding> look)
    {
        try
        {
            return look();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return Unexpected(check, error);
        }
    }

    /// <summary>What a check found that waits for somebody.</summary>
    public static async Task<Finding> RoundAsync(string check, Func<Task<Finding>> look)
    {
        try
        {
            return await look();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return Unexpected(check, error);
        }
    }

    /// <summary>What a check found that finds several things; what it found before it failed is among them.</summary>
    public static IReadOnlyList<Finding> Round(string check, Func<IEnumerable<Finding>> look)
    {
        var found = new List<Finding>();
        try
        {
            foreach (var finding in look())
                found.Add(finding);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            found.Add(Unexpected(check, error));
        }

        return found;
    }

    /// <summary>The same of one that waits for somebody; each finding is told when it is there.</summary>
    public static async IAsyncEnumerable<Finding> RoundAsync(string check, IAsyncEnumerable<Finding> look)
    {
        await using var findings = look.GetAsyncEnumerator();
        while (true)
        {
            Finding? failed = null;
            try
            {
                if (!await findings.MoveNextAsync())
                    yield break;
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                failed = Unexpected(check, error);
            }

            yield return failed ?? findings.Current;
            if (failed is not null)
                yield break;
        }
    }

    /// <summary>What is told of an exception that no check knows. It leaves by standard output, so it is blotted here.</summary>
    public static Finding Unexpected(string check, Exception error) =>
        new(check, false, SecretValues.BlotOut($"this could not be looked at: {error.Message.ReplaceLineEndings(" ")} ({error.GetType().Name})"), null);
}

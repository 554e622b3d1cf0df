using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Commands;

/// <summary>Makes sure that the books know the output that is asked for: one that they do not know is a wrong folder, and looks like no results.</summary>
internal static class KnownOutput
{
    private const int MostNamed = 5;

    /// <summary>Refuses an output that no run of the job ever wrote to.</summary>
    /// <param name="ledger">The books; null where no run ever wrote any.</param>
    /// <param name="scope">What is asked for.</param>
    /// <param name="state">The folder of the books.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <returns>The books.</returns>
    /// <exception cref="ConfigurationException">It is none; those that there are are named.</exception>
    public static async Task<Ledger> RequireAsync(Ledger? ledger, ResultScope scope, string state, CancellationToken cancellationToken)
    {
        var known = ledger is null ? [] : await ledger.OutputsAsync(scope.Job, cancellationToken);
        if (ledger is not null && known.Contains(scope.Output, StringComparer.Ordinal))
            return ledger;
        throw new ConfigurationException([known.Count == 0
            ? $"The job {scope.Job} never ran with the state folder {state}, so nothing is known of results in {scope.Output}. Run it, or name another state folder with --state."
            : string.Create(CultureInfo.InvariantCulture, $"The job {scope.Job} never ran to {scope.Output}. Its runs went to {string.Join(", ", known.Take(MostNamed))}{(known.Count > MostNamed ? $" and {known.Count - MostNamed} others" : "")}. ")
              + $"Name a folder with --output as the run was given it, without /{scope.Job} at its end; a relative one counts from the folder in which you are."]);
    }
}

namespace BatchInference.Testing;

/// <summary>A folder of its own for one test, removed with it.</summary>
public sealed class TempFolder : IDisposable
{
    public TempFolder() => Path = Directory.CreateTempSubdirectory("batch-inference-test-").FullName;

    public string Path { get; }

    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    public string Write(string relative, string text)
    {
        var path = this[relative];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose()
    {
        try
        {
            Delete();
        }
        catch (IOException)
        {
            // Somebody who is about to end wrote a last file meanwhile.
            Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System).Wait();
            Delete();
        }
    }

    private void Delete()
    {
        try { Directory.Delete(Path, recursive: true); }
        catch (DirectoryNotFoundException) { }
    }

    public static implicit operator string(TempFolder folder) => folder.Path;
}

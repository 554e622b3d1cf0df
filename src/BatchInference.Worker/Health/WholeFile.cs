namespace BatchInference.Worker.Health;

/// <summary>A file that is replaced as a whole again and again: whoever reads it never sees half of it.</summary>
internal static class WholeFile
{
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">This account may not write it.</exception>
    public static void Write(string path, string text)
    {
        // The name tells readers of whole folders, such as node_exporter, that it is none of theirs.
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }
}

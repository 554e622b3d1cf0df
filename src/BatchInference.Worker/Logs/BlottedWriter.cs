using System.Text;
using BatchInference.Documents;

namespace BatchInference.Worker.Logs;

/// <summary>Standard error without the secrets of this process: all that is told, be it a crash, goes through here.</summary>
internal sealed class BlottedWriter(TextWriter inner) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(value);

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value) => inner.Write(value is null ? null : SecretValues.BlotOut(value));

    public override void WriteLine(string? value) => inner.WriteLine(value is null ? null : SecretValues.BlotOut(value));

    public override void Flush() => inner.Flush();
}

using System.Globalization;

namespace BatchInference.Pipeline;

/// <summary>Names a run: the second it started in UTC and four hexadecimal digits, such as <c>20261123T190000Z-4f2a</c>. Sorts by time.</summary>
public readonly record struct RunId
{
    /// <summary>Characters of a name.</summary>
    public const int Length = 21;

    private readonly string? value;

    private RunId(string value) => this.value = value;

    /// <summary>Names a new run.</summary>
    /// <param name="started">When it starts.</param>
    /// <param name="chance">Tells apart runs that start in the same second.</param>
    public static RunId New(DateTimeOffset started, ushort chance) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{started.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{chance:x4}"));

    /// <summary>Reads a name that the ledger or a file holds.</summary>
    /// <exception cref="FormatException">It is not the name of a run.</exception>
    public static RunId Parse(string value) => TryParse(value, out var run)
        ? run
        : throw new FormatException($"'{value}' is not the name of a run; one looks like 20261123T190000Z-4f2a.");

    /// <summary>Reads a name; false when it is none of a run.</summary>
    public static bool TryParse(string value, out RunId run)
    {
        var good = value.Length == Length && value[15] == 'Z' && value[16] == '-' && value.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
        run = good ? new RunId(value) : default;
        return good;
    }

    /// <inheritdoc/>
    public override string ToString() => value ?? "";
}

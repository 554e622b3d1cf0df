using System.CommandLine;
using System.Globalization;

namespace BatchInference.Worker.Commands;

/// <summary>An option that takes a whole number between two limits, both included.</summary>
internal static class NumberOption
{
    public static Option<long?> Create(string name, string description, long least, long most) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            if (long.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
                return number;
            result.AddError(most == long.MaxValue
                ? string.Create(CultureInfo.InvariantCulture, $"{name}: write a whole number, at least {least}.")
                : string.Create(CultureInfo.InvariantCulture, $"{name}: write a whole number from {least} to {most}."));
            return null;
        },
    };
}

using System.Globalization;
using BatchInference.Pipeline.Results;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Installation;
using BatchInference.Worker.Jobs;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting;
using Serilog.Formatting.Compact;

namespace BatchInference.Worker.Logs;

/// <summary>Files of what is told: a new one each day and whenever one is full, so many kept. Each process that writes has files of its own name.</summary>
internal static class LogFiles
{
    private const long Megabyte = 1024 * 1024;

    /// <summary>The folder of the files.</summary>
    public static string FolderOf(LogFileSettings settings, string state, Func<string, string?> variable)
    {
        if (settings.Folder is { } given)
            return Path.GetFullPath(given);
        if (variable("LOGS_DIRECTORY")?.Split(':')[0] is { Length: > 0 } directory)
            return directory;
        return OfState(state, OperatingSystem.IsWindows());
    }

    // Beside a state folder that the installation made, it made one for logs, with its account's rights. So who looks by hand, without the service manager's variables, finds what the service wrote.
    internal static string OfState(string state, bool onWindows)
    {
        if (!onWindows && state == SystemdInstallation.StateFolder) return SystemdInstallation.LogFolder;
        return onWindows && Path.GetFileName(state) == "state" && Path.GetDirectoryName(state) is { } data && Path.GetFileName(data) == "BatchInference" ? Path.Combine(data, "logs") : Path.Combine(state, "log");
    }

    /// <summary>Makes the folder if it is not there, and tries it.</summary>
    /// <exception cref="ConfigurationException">It cannot be made or written.</exception>
    public static void Try(string folder)
    {
        const string What = "the folder of the log files", Otherwise = "Or set Logging.Files.Folder, or Logging.Files.Enabled to false.";
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([$"{folder}: {What} cannot be made by {Environment.UserName}: {OutputUnavailableException.Remedy(error) ?? error.Message} {Otherwise}"]);
        }

        WritableFolder.Try(What, folder, Otherwise);
    }

    /// <summary>Opens the files of one writer.</summary>
    /// <param name="settings">How they are written.</param>
    /// <param name="folder">Where.</param>
    /// <param name="name">What their names begin with; the date follows.</param>
    /// <exception cref="ConfigurationException">The folder cannot be made or written.</exception>
    public static ILoggerProvider Open(LogFileSettings settings, string folder, string name)
    {
        // Serilog writes when there is something to write, and is silent where it cannot.
        Try(folder);

        ITextFormatter format = settings.Format == "json" ? new RenderedCompactJsonFormatter() : new LogLine();
        var logger = new LoggerConfiguration().MinimumLevel.Is(LogEventLevel.Verbose).WriteTo.File(
            format,
            Path.Combine(folder, $"{name}-.{(settings.Format == "json" ? "jsonl" : "log")}"),
            fileSizeLimitBytes: settings.Megabytes * Megabyte,
            rollingInterval: RollingInterval.Day,
            rollOnFileSizeLimit: true,
            retainedFileCountLimit: settings.Keep).CreateLogger();
        return new SerilogLoggerProvider(logger, dispose: true);
    }
}

/// <summary>A message as one line, whatever stands in it: name of a document and text of an exception may hold line breaks.</summary>
internal sealed class LogLine : ITextFormatter
{
    public void Format(LogEvent logEvent, TextWriter output)
    {
        var message = new StringWriter(CultureInfo.InvariantCulture);
        logEvent.MessageTemplate.Render(Plain(logEvent.Properties), message, CultureInfo.InvariantCulture);
        if (logEvent.Exception is { } exception)
            message.Write($" {exception}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{logEvent.Timestamp.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Level(logEvent.Level)} {Text(logEvent, "SourceContext")}[{Id(logEvent)}] {OneLine(message.ToString())}"));
    }

    private static string Level(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => "trace",
        LogEventLevel.Debug => "debug",
        LogEventLevel.Information => "info ",
        LogEventLevel.Warning => "WARN ",
        LogEventLevel.Error => "ERROR",
        _ => "FATAL",
    };

    private static string OneLine(string text) => string.Create(text.Length, text, (line, from) =>
    {
        for (var index = 0; index < line.Length; index++)
            line[index] = char.IsControl(from[index]) || from[index] is '\u2028' or '\u2029' ? ' ' : from[index];
    });

    // Texts would be written in quotation marks.
    private static Dictionary<string, LogEventPropertyValue> Plain(IReadOnlyDictionary<string, LogEventPropertyValue> properties) =>
        properties.ToDictionary(property => property.Key, property => property.Value is ScalarValue { Value: string text } ? new ScalarValue(new Verbatim(text)) : property.Value, StringComparer.Ordinal);

    private static string Text(LogEvent logEvent, string name) => logEvent.Properties.GetValueOrDefault(name) is ScalarValue { Value: { } value } ? value.ToString() ?? "" : "";

    private static int Id(LogEvent logEvent) =>
        logEvent.Properties.GetValueOrDefault("EventId") is StructureValue id && id.Properties.FirstOrDefault(part => part.Name == "Id")?.Value is ScalarValue { Value: int number } ? number : 0;

    private sealed record Verbatim(string Text) : IFormattable
    {
        public string ToString(string? format, IFormatProvider? formatProvider) => Text;
    }
}

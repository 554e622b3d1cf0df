using BatchInference.Documents;
using Microsoft.Extensions.Logging;

namespace BatchInference.Worker.Logs;

/// <summary>Logs without the secrets of this process, whichever output they go to. A message that holds none goes on as it is; of one that does the text stays, its parts do not.</summary>
internal sealed class BlottedLogs(ILoggerFactory inner) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new Blotted(inner.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose() => inner.Dispose();

    private sealed class Blotted(ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!logger.IsEnabled(logLevel))
                return;
            var text = formatter(state, exception);
            var whole = exception is null ? text : $"{text} {exception}";
            if (SecretValues.AreIn(whole) || (state is IEnumerable<KeyValuePair<string, object?>> parts && parts.Any(part => part.Value is { } value && SecretValues.AreIn(value.ToString() ?? ""))))
                logger.Log(logLevel, eventId, SecretValues.BlotOut(whole), null, static (blotted, _) => blotted);
            else
                logger.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BatchInference.Testing;

/// <summary>Keeps what was logged, as it would be read.</summary>
public sealed class ListLogger : ILogger
{
    private readonly ConcurrentQueue<string> messages = [];

    public IReadOnlyList<string> Messages => [.. messages];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => messages.Enqueue(formatter(state, exception));
}

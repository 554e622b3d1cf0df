using BatchInference.Documents;
using BatchInference.Testing;
using BatchInference.Worker.Logs;
using Microsoft.Extensions.Logging;

namespace BatchInference.Worker.Tests.Logs;

public sealed class BlottedLogsTests
{
    private static readonly Action<ILogger, string, Exception?> Asked = LoggerMessage.Define<string>(LogLevel.Error, new EventId(1), "Asked {Address}");

    private readonly ListLogger told = new();
    private readonly ILogger logger;

    public BlottedLogsTests()
    {
        SecretValues.Keep(["canary-of-the-logs", "canary-of-the-logs/and+more"]);
        logger = new BlottedLogs(new OneLogger(told)).CreateLogger("any");
    }

    [Fact]
    public void NoSecretIsLeftOfAnArgumentOrAnException()
    {
        Asked(logger, "https://a/?sig=canary-of-the-logs%2Fand%2Bmore", new IOException("refused canary-of-the-logs"));
        told.Messages.ShouldHaveSingleItem().ShouldBe("Asked https://a/?sig=[secret] System.IO.IOException: refused [secret]");
    }

    [Fact]
    public void WhatHoldsNoSecretGoesOnAsItIs()
    {
        Asked(logger, "https://a/", new IOException("refused"));
        told.Messages.ShouldHaveSingleItem().ShouldBe("Asked https://a/");
    }

    [Fact]
    public void ASpellingThatIsTooShortToBeASecretBlotsOutNothing()
    {
        SecretValues.Keep(["%7A%71"]);
        SecretValues.BlotOut("zq stays, %7A%71 does not").ShouldBe("zq stays, [secret] does not");
    }

    [Fact]
    public void StandardErrorHasNone()
    {
        using var error = new StringWriter();
        using var blotted = new BlottedWriter(error);
        blotted.Write("a canary-of-the-logs ".ToCharArray());
        blotted.WriteLine((object)"and canary-of-the-logs");
        error.ToString().ShouldBe($"a [secret] and [secret]{Environment.NewLine}");
    }

    private sealed class OneLogger(ILogger one) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider) { }

        public ILogger CreateLogger(string categoryName) => one;

        public void Dispose() { }
    }
}

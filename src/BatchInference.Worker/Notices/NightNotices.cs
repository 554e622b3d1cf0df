using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace BatchInference.Worker.Notices;

/// <summary>Tells whoever is configured how a night went. A few tries within minutes, then a line in the log: what cannot be told fails no night.</summary>
internal sealed class NightNotices(Surroundings surroundings, ILogger<NightNotices> logger)
{
    private const int Tries = 4;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(10), LongestTry = TimeSpan.FromSeconds(90);

    private readonly ResiliencePipeline patience = new ResiliencePipelineBuilder { TimeProvider = surroundings.Time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = Tries - 1,
            Delay = FirstWait,
            BackoffType = DelayBackoffType.Exponential,
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is { } error and not NoticeRefusedException && !(error is OperationCanceledException && arguments.Context.CancellationToken.IsCancellationRequested)),
        })
        // What is waited for within a try is the network, whose clock is nobody's to set.
        .AddPipeline(new ResiliencePipelineBuilder().AddTimeout(LongestTry).Build())
        .Build();

    /// <summary>Refuses what is configured and cannot work, at the door.</summary>
    /// <exception cref="ConfigurationException">A secret is missing or wrong.</exception>
    public static void Check(WorkerConfiguration configuration)
    {
        _ = Mail(configuration, TimeProvider.System);
        _ = Webhook.Of(configuration.Settings.Notices, configuration.Secrets);
    }

    /// <summary>Tells.</summary>
    public async Task TellAsync(WorkerConfiguration configuration, NightReport report, CancellationToken cancellationToken)
    {
        if (configuration.Settings.Notices is not { } settings || (settings.When == "problems" && !report.HasProblems))
            return;
        if (Mail(configuration, surroundings.Time) is { } mail)
            await SendAsync(report, mail.Name, token => mail.SendAsync(report, token), cancellationToken);
        if (Webhook.Of(settings, configuration.Secrets) is { } webhook)
            await SendAsync(report, webhook.Name, token => webhook.SendAsync(report, token), cancellationToken);
    }

    internal async Task SendAsync(NightReport report, string name, Func<CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        try
        {
            await patience.ExecuteAsync(async token => await send(token), cancellationToken);
            logger.NoticeSent(report.Job, report.Night, name);
        }
        catch (Exception error)
        {
            var reason = error is TimeoutRejectedException or OperationCanceledException ? "it took too long, or the service stops" : error.Message.ReplaceLineEndings(" ");
            logger.NoticeNotSent(report.Job, report.Night, name, reason);
        }
    }

    /// <summary>The mail that is configured; null for none.</summary>
    /// <exception cref="ConfigurationException">Its password is missing.</exception>
    internal static MorningMail? Mail(WorkerConfiguration configuration, TimeProvider time)
    {
        if (configuration.Settings.Notices?.Mail is not { } mail)
            return null;
        var password = configuration.Secrets.Find(MailSettings.PasswordSecret);
        return mail.User is not null && password is null
            ? throw new ConfigurationException([$"appsettings.json: Notices.Mail.User: a name is given without its password. Give {MailSettings.PasswordSecret} by the environment or as a credential, or leave User out."])
            : new MorningMail(mail, password, time);
    }
}

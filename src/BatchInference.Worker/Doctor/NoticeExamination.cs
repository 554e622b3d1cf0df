using BatchInference.Worker.Configuration;
using BatchInference.Worker.Notices;

namespace BatchInference.Worker.Doctor;

/// <summary>Whether mail and webhook of the morning have all that they need. Nobody is connected to: a doctor that is run often must not fill a mailbox.</summary>
internal static class NoticeExamination
{
    public static IEnumerable<Finding> Look(WorkerConfiguration configuration)
    {
        var notices = configuration.Settings.Notices;
        if (notices?.Mail is { } mail)
            yield return Examination.Judge("morning mail", () =>
            {
                _ = NightNotices.Mail(configuration, TimeProvider.System);
                var account = mail.User is null ? "without an account" : $"as {mail.User} with its password";
                return $"to {string.Join(", ", mail.To)} by {mail.Server}:{mail.Port}, {account}, {Protection(mail.Security)}; the server was not asked";
            });
        if (notices?.Webhook is not null)
            yield return Examination.Judge("webhook", () =>
            {
                var webhook = Webhook.Of(notices, configuration.Secrets)!;
                return $"{webhook.Name}, {(webhook.IsAuthorized ? "with" : "without")} a header Authorization, {(webhook.IsProtected ? "by TLS" : "unprotected (http://)")}; it was not asked";
            });
        if (notices?.Mail is null && notices?.Webhook is null)
            yield return new("morning message", true, "off: nobody is told how a night went", null);
    }

    private static string Protection(string security) => security switch
    {
        "starttls" => "by TLS after a greeting",
        "tls" => "by TLS",
        _ => "unprotected",
    };
}

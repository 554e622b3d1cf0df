using System.Net.Security;
using BatchInference.Worker.Configuration;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using MimeKit.Utils;

namespace BatchInference.Worker.Notices;

/// <summary>One mail by SMTP.</summary>
/// <param name="settings">To whom, and by which server.</param>
/// <param name="password">For the server; null where it asks for none.</param>
/// <param name="time">The clock.</param>
internal sealed class MorningMail(MailSettings settings, string? password, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Believes a certificate that the machine does not; for tests.</summary>
    public RemoteCertificateValidationCallback? Trusts { get; init; }

    /// <summary>How messages name it.</summary>
    public string Name => $"mail by {settings.Server}:{settings.Port}";

    /// <summary>Sends it.</summary>
    /// <exception cref="NoticeRefusedException">Sending again would not help.</exception>
    public async Task SendAsync(NightReport report, CancellationToken cancellationToken)
    {
        using var message = Message(report);
        // What the server's certificate names for revocation lists is not asked: the program speaks to nobody but whom it is told.
        using var client = new SmtpClient { CheckCertificateRevocation = false, ServerCertificateValidationCallback = Trusts, Timeout = (int)Patience.TotalMilliseconds };
        try
        {
            await client.ConnectAsync(settings.Server, settings.Port, Security, cancellationToken);
            if (settings.User is not null)
                await client.AuthenticateAsync(settings.User, password ?? "", cancellationToken);
            await client.SendAsync(message, cancellationToken);
        }
        catch (SslHandshakeException)
        {
            throw new NoticeRefusedException("no protected connection came about: the certificate of the server is not one that this machine trusts, or is for another name");
        }
        catch (AuthenticationException)
        {
            // Tried again and again a wrong password would lock the account.
            throw new NoticeRefusedException($"the server does not let {settings.User} in. Give the right password as {MailSettings.PasswordSecret}");
        }
        catch (SmtpCommandException error) when ((int)error.StatusCode >= 500)
        {
            throw new NoticeRefusedException($"the server refuses it: {error.Message}");
        }
        catch (NotSupportedException error)
        {
            throw new NoticeRefusedException($"the server cannot do what is asked of it: {error.Message}");
        }

        await client.DisconnectAsync(quit: true, cancellationToken);
    }

    internal MimeMessage Message(NightReport report)
    {
        var message = new MimeMessage { Subject = report.Subject, Date = time.GetLocalNow(), MessageId = MimeUtils.GenerateMessageId(settings.From.Split('@')[1]) };
        message.From.Add(new MailboxAddress("BatchInference", settings.From));
        foreach (var address in settings.To)
            message.To.Add(new MailboxAddress("", address));
        message.Headers.Add("Auto-Submitted", "auto-generated");
        message.Body = new TextPart("plain") { Text = report.ToText(Environment.MachineName) };
        return message;
    }

    private SecureSocketOptions Security => settings.Security switch
    {
        "tls" => SecureSocketOptions.SslOnConnect,
        "none" => SecureSocketOptions.None,
        // Not "when available": who stands between would take it away.
        _ => SecureSocketOptions.StartTls,
    };
}

/// <summary>A notice was refused for good.</summary>
internal sealed class NoticeRefusedException(string reason) : Exception(reason);

using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Notices;

/// <summary>One POST of JSON.</summary>
/// <param name="address">Where to; may hold a token, so only its host is ever shown.</param>
/// <param name="authorization">What the header Authorization says; null for none.</param>
internal sealed class Webhook(Uri address, string? authorization)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The one that is configured; null for none.</summary>
    /// <exception cref="ConfigurationException">The address that was given as a secret is none.</exception>
    public static Webhook? Of(NoticeSettings? settings, GivenSecrets secrets) =>
        AddressOf(settings, secrets) is { } address ? new Webhook(address, secrets.Find(WebhookSettings.AuthorizationSecret)) : null;

    /// <summary>Its address; null for none.</summary>
    /// <exception cref="ConfigurationException">The address that was given as a secret is none.</exception>
    public static Uri? AddressOf(NoticeSettings? settings, GivenSecrets secrets)
    {
        if (settings?.Webhook is not { } webhook)
            return null;
        if (webhook.Url is { } url)
            return new Uri(url);
        if (secrets.Find(WebhookSettings.AddressSecret) is not { } given)
            throw new ConfigurationException([$"appsettings.json: Notices.Webhook: no address is given. Write it as Url, or give it as {WebhookSettings.AddressSecret} where it holds a token."]);
        if (!Uri.TryCreate(given, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || (address.Scheme == "http" && !StorageKeys.IsLoopback(address) && !webhook.AllowHttp))
            throw new ConfigurationException([$"{WebhookSettings.AddressSecret}: this is no https:// address. Give the whole address of the webhook; for http:// set Notices.Webhook.AllowHttp to true."]);
        return address;
    }

    /// <summary>How messages name it.</summary>
    public string Name => $"webhook of {address.Authority}";

    /// <summary>True when it shows who it is.</summary>
    public bool IsAuthorized => authorization is not null;

    /// <summary>True when nobody can listen.</summary>
    public bool IsProtected => address.Scheme == "https";

    /// <summary>Sends it.</summary>
    /// <exception cref="NoticeRefusedException">Sending again would not help.</exception>
    public async Task SendAsync(NightReport report, CancellationToken cancellationToken)
    {
        using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        request.Content = new StringContent(report.ToJson(Environment.MachineName).ToJsonString(), Encoding.UTF8, "application/json");
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("batch-inference", null));
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var status = (int)answer.StatusCode;
        if (status is >= 200 and < 300)
            return;
        var said = string.Create(CultureInfo.InvariantCulture, $"it answered {status}");
        throw status is 408 or 425 or 429 or >= 500 ? new HttpRequestException(said) : new NoticeRefusedException(said);
    }

    // It goes where it was told and nowhere else: no redirection, no list of revoked and no missing certificate is fetched.
    private static HttpClient Client() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true } },
    }) { Timeout = Patience };
}

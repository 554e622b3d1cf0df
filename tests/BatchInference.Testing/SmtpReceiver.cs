using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace BatchInference.Testing;

/// <summary>A small mail server on a free port of this machine: EHLO, STARTTLS, AUTH PLAIN and LOGIN, and what it takes to hand over a mail (RFC 5321, 3207, 4954). It keeps the mails.</summary>
public sealed class SmtpReceiver : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly X509Certificate2 certificate = MakeCertificate();
    private int failing;

    public SmtpReceiver()
    {
        listener.Start();
        _ = ListenAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>What a client must trust, as PEM: made for this server, known to nobody.</summary>
    public string Certificate => certificate.ExportCertificatePem();

    public string Thumbprint => certificate.GetCertHashString();

    /// <summary>Speaks TLS from the first byte.</summary>
    public bool TlsAtOnce { get; init; }

    /// <summary>Offers STARTTLS.</summary>
    public bool OffersTls { get; init; } = true;

    /// <summary>The one who is let in; null for everybody, without being asked.</summary>
    public (string User, string Password)? Account { get; init; }

    /// <summary>So many mails are put off before one is taken.</summary>
    public int Failing { get => failing; init => failing = value; }

    public ConcurrentQueue<ReceivedMail> Mails { get; } = new();

    /// <summary>Every line that clients said, under TLS too.</summary>
    public ConcurrentQueue<string> Said { get; } = new();

    public int Connections { get; private set; }

    public void Dispose()
    {
        stop.Cancel();
        listener.Dispose();
        stop.Dispose();
        certificate.Dispose();
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                Connections++;
                _ = ServeAsync(client);
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            Stream stream = client.GetStream();
            if (TlsAtOnce)
                stream = await ProtectAsync(stream);
            await TalkAsync(stream);
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // Who sent is gone, or does not trust this server.
        }
    }

    private async Task<Stream> ProtectAsync(Stream stream)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop.Token);
        return tls;
    }

    private async Task TalkAsync(Stream stream)
    {
        var lines = new Lines(stream);
        async Task AnswerAsync(string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text + "\r\n"), stop.Token);
        async Task<string?> HearAsync()
        {
            var line = await lines.NextAsync(stop.Token);
            if (line is not null)
                Said.Enqueue(line);
            return line;
        }

        var isProtected = TlsAtOnce;
        var isIn = Account is null;
        var (from, to) = ("", new List<string>());
        await AnswerAsync("220 localhost ready");
        while (await HearAsync() is { } line)
        {
            var verb = line.Split(' ')[0].ToUpperInvariant();
            if (verb is "EHLO")
            {
                string[] offers = ["localhost", .. OffersTls && !isProtected ? ["STARTTLS"] : Array.Empty<string>(), .. Account is null ? Array.Empty<string>() : ["AUTH PLAIN LOGIN"], "8BITMIME", "SMTPUTF8"];
                await AnswerAsync(string.Join("\r\n", offers.Select((offer, index) => $"250{(index < offers.Length - 1 ? '-' : ' ')}{offer}")));
            }
            else if (verb is "STARTTLS" && OffersTls)
            {
                await AnswerAsync("220 go on");
                stream = await ProtectAsync(stream);
                lines = new Lines(stream);
                isProtected = true;
            }
            else if (verb is "AUTH")
            {
                var words = line.Split(' ');
                var given = words.Length > 2 ? words[2] : await AskAsync("");
                if (words[1].Equals("LOGIN", StringComparison.OrdinalIgnoreCase))
                    given = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{Decoded(given)}\0{Decoded(await AskAsync("UGFzc3dvcmQ6"))}"));
                isIn = Account is { } account && Decoded(given) == $"\0{account.User}\0{account.Password}";
                await AnswerAsync(isIn ? "235 welcome" : "535 5.7.8 wrong user or password");
                async Task<string> AskAsync(string challenge)
                {
                    await AnswerAsync($"334 {challenge}");
                    return await HearAsync() ?? "";
                }
            }
            else if (verb is "MAIL")
            {
                (from, to) = (line, []);
                await AnswerAsync(!isIn ? "530 5.7.0 who are you" : Interlocked.Decrement(ref failing) >= 0 ? "451 4.3.0 come later" : "250 ok");
            }
            else if (verb is "RCPT")
            {
                to.Add(line);
                await AnswerAsync("250 ok");
            }
            else if (verb is "DATA")
            {
                await AnswerAsync("354 go on");
                var text = new StringBuilder();
                while (await lines.NextAsync(stop.Token) is { } data && data != ".")
                    text.Append(data.StartsWith('.') ? data[1..] : data).Append("\r\n");
                Mails.Enqueue(new ReceivedMail(from, to, text.ToString(), isProtected));
                await AnswerAsync("250 ok");
            }
            else if (verb is "QUIT")
            {
                await AnswerAsync("221 bye");
                return;
            }
            else
            {
                await AnswerAsync(verb is "RSET" or "NOOP" ? "250 ok" : "502 not here");
            }
        }
    }

    private static string Decoded(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

    // Byte by byte, so that nothing of what follows STARTTLS is read before its time.
    private sealed class Lines(Stream stream)
    {
        public async Task<string?> NextAsync(CancellationToken cancellationToken)
        {
            var line = new List<byte>();
            var one = new byte[1];
            while (await stream.ReadAsync(one, cancellationToken) == 1)
            {
                if (one[0] == '\n')
                    return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
                line.Add(one[0]);
            }

            return null;
        }
    }
}

/// <summary>A mail that came.</summary>
/// <param name="From">The line that named the sender.</param>
/// <param name="To">Those that named the receivers.</param>
/// <param name="Text">Head and body as they came.</param>
/// <param name="WasProtected">True when it came under TLS.</param>
public sealed record ReceivedMail(string From, IReadOnlyList<string> To, string Text, bool WasProtected);

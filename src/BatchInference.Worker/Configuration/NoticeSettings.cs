namespace BatchInference.Worker.Configuration;

/// <summary>Who is told how a night went; what the keys mean stands in <see cref="NoticeKeys"/>.</summary>
internal sealed record NoticeSettings
{
    public string When { get; init; } = "always";

    public MailSettings? Mail { get; init; }

    public WebhookSettings? Webhook { get; init; }
}

internal sealed record MailSettings
{
    /// <summary>Variable or credential of the password.</summary>
    public const string PasswordSecret = "BATCHINFERENCE_SMTP_PASSWORD";

    public string Server { get; init; } = "";

    public int Port { get; init; } = 587;

    public string Security { get; init; } = "starttls";

    public string From { get; init; } = "";

    public IReadOnlyList<string> To { get; init; } = [];

    public string? User { get; init; }
}

internal sealed record WebhookSettings
{
    /// <summary>Variable or credential of the address, where it holds a token; and of what the Authorization header says.</summary>
    public const string AddressSecret = "BATCHINFERENCE_WEBHOOK_URL", AuthorizationSecret = "BATCHINFERENCE_WEBHOOK_AUTHORIZATION";

    public string? Url { get; init; }

    public bool AllowHttp { get; init; }
}

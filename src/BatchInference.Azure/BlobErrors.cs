using Azure;
using Azure.Identity;
using BatchInference.Documents;

namespace BatchInference.Azure;

/// <summary>Says what the storage answered, and what an admin can do, without keys or signatures.</summary>
internal static class BlobErrors
{
    /// <summary>True for what the client throws when a call did not succeed, its own tries included (an answer that calls itself XML and is none comes from something between, as no answer); not for a call that was cancelled.</summary>
    public static bool Is(Exception failure, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && Last(failure) is RequestFailedException or AuthenticationFailedException or OperationCanceledException or IOException or HttpRequestException or System.Xml.XmlException;

    /// <summary>What the storage is to blame for as a whole becomes <see cref="StorageUnavailableException"/>, all else an <see cref="IOException"/>.</summary>
    public static IOException Told(string what, Exception failure) =>
        IsOutage(failure) ? new StorageUnavailableException($"{what}. {Reason(failure)}", failure) : new IOException($"{what}. {Reason(failure)}", failure);

    public static bool IsOutage(Exception failure) => Last(failure) switch
    {
        // A success that failed nevertheless is an answer that was cut off on its way.
        RequestFailedException { Status: 0 or (>= 200 and < 300) or 408 or 429 or >= 500 } => true,
        RequestFailedException or AuthenticationFailedException => false,
        _ => true,
    };

    public static string Reason(Exception failure) => Last(failure) switch
    {
        AuthenticationFailedException refused => $"The identity of this machine was not accepted: {FirstLine(refused.Message)} Give the machine or the service an identity, or a secret by the environment.",
        RequestFailedException answer => Reason(answer),
        _ => NoAnswer,
    };

    private const string NoAnswer = "The storage did not answer; check the address, the name resolution and the firewall.";

    private static string Reason(RequestFailedException answer) => answer.Status switch
    {
        0 => NoAnswer,
        >= 200 and < 300 => "The storage's answer was cut off on its way.",
        401 => $"The storage does not know the credential ({answer.ErrorCode}); check the identity or the secret that the service is given.",
        403 => $"The storage refuses access ({answer.ErrorCode}); the identity needs the role Storage Blob Data Reader for a source, Storage Blob Data Contributor for an output; a key may be of another account, a signature may have expired.",
        404 when answer.ErrorCode == "ContainerNotFound" => "There is no such container; create it, or write another name. Nothing is created but blobs.",
        404 => $"The storage has it no longer ({answer.ErrorCode}); it was removed since it was listed, or the name is wrong.",
        409 when answer.ErrorCode == "BlobArchived" => "The blob lies in the archive tier and cannot be read; move it to the Hot, Cool or Cold tier (it takes some hours), a later run reads it then.",
        412 => "The blob changed between listing and reading; the next run reads its new version.",
        429 or 503 => $"The storage is too busy ({answer.ErrorCode}); it is tried again.",
        _ => $"The storage answered {answer.Status} ({answer.ErrorCode}).",
    };

    private static Exception Last(Exception failure) => failure is AggregateException { InnerExceptions: [.., var last] } ? Last(last) : failure;

    private static string FirstLine(string message) => message.Split('\n', 2)[0].Trim();
}

using System.Net;
using Amazon.Runtime;
using BatchInference.Documents;

namespace BatchInference.S3;

/// <summary>Says what the store answered, and what an admin can do, without keys or signatures.</summary>
internal static class ObjectErrors
{
    private const string NoAnswer = "The store did not answer; check the endpoint, the name resolution and the firewall.";

    /// <summary>True for what the client throws when a call did not succeed, its own tries included; not for a call that was cancelled.</summary>
    public static bool Is(Exception failure, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && failure is AmazonClientException or AmazonServiceException or HttpRequestException or IOException or OperationCanceledException;

    /// <summary>What the store is to blame for as a whole becomes <see cref="StorageUnavailableException"/>, all else an <see cref="IOException"/>.</summary>
    public static IOException Told(string what, Exception failure) =>
        IsOutage(failure) ? new StorageUnavailableException($"{what}. {Reason(failure)}", failure) : new IOException($"{what}. {Reason(failure)}", failure);

    public static bool IsOutage(Exception failure) =>
        failure is not AmazonServiceException answer || answer.StatusCode is 0 or HttpStatusCode.OK or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    public static string Reason(Exception failure) => failure is not AmazonServiceException answer ? NoAnswer : answer.StatusCode switch
    {
        _ when answer.ErrorCode is "PermanentRedirect" or "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException" || answer.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect =>
            $"The bucket lies in another region ({answer.ErrorCode}); set the key region, and the endpoint where one is set, to those of the bucket.",
        _ when answer.ErrorCode == "NoSuchBucket" => "There is no such bucket; create it, or write another name. Nothing is created but objects.",
        _ when answer.ErrorCode == "InvalidObjectState" => ObjectSource.Archived,
        _ when answer.ErrorCode == "InvalidAccessKeyId" => "The store refuses access (InvalidAccessKeyId): it does not know the access key; check AWS_ACCESS_KEY_ID, and that it is one of this store.",
        _ when answer.ErrorCode == "SignatureDoesNotMatch" => "The store refuses access (SignatureDoesNotMatch): the secret key is not that of the access key; check AWS_SECRET_ACCESS_KEY.",
        _ when answer.ErrorCode is "ExpiredToken" or "InvalidToken" => $"The store refuses access ({answer.ErrorCode}): the session token has expired or is not of these keys; give new ones.",
        _ when answer.ErrorCode == "RequestTimeTooSkewed" => "The store refuses access (RequestTimeTooSkewed): the clock of this machine differs from the store's by minutes; set it, by NTP at best.",
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"The store refuses access ({answer.ErrorCode}); check the keys that the service is given and the bucket's policy (s3:ListBucket and s3:GetObject for a source, s3:PutObject and s3:DeleteObject too for an output).",
        HttpStatusCode.NotFound => $"The store has it no longer ({answer.ErrorCode}); it was removed since it was listed, or the name is wrong.",
        HttpStatusCode.PreconditionFailed => "The object changed between listing and reading; the next run reads its new version.",
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => $"The store is too busy ({answer.ErrorCode}); it is tried again.",
        0 => NoAnswer,
        _ => $"The store answered {(int)answer.StatusCode} ({answer.ErrorCode}).",
    };
}

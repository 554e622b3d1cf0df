using System.Net;
using Amazon.Runtime;
using Amazon.S3;

namespace BatchInference.S3;

/// <summary>Says what the store answered, and what an admin can do, without keys or signatures.</summary>
internal static class ObjectErrors
{
    public static bool Is(Exception failure) => failure is AmazonClientException or AmazonServiceException or WebException or HttpRequestException;

    public static string Reason(Exception failure) => failure is not AmazonS3Exception answer ? "The store did not answer; check the endpoint, the name resolution and the firewall." : answer.StatusCode switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"The store refuses access ({answer.ErrorCode}); check the keys that the service is given and the bucket's policy (s3:ListBucket and s3:GetObject for a source, s3:PutObject and s3:DeleteObject too for an output).",
        HttpStatusCode.NotFound => $"The store has it no longer ({answer.ErrorCode}); it was removed since it was listed, or the name is wrong.",
        HttpStatusCode.PreconditionFailed => "The object changed between listing and reading; the next run reads its new version.",
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => $"The store is too busy ({answer.ErrorCode}); it is tried again.",
        _ when answer.ErrorCode == "InvalidObjectState" => "The object lies in an archive class and cannot be read; restore it, the next run reads it then.",
        _ => $"The store answered {(int)answer.StatusCode} ({answer.ErrorCode}).",
    };
}

using Azure;

namespace BatchInference.Azure;

/// <summary>Says what the storage answered, and what an admin can do, without keys or signatures.</summary>
internal static class BlobErrors
{
    public static string Reason(RequestFailedException failure) => failure.Status switch
    {
        401 => $"The storage does not know the credential ({failure.ErrorCode}); check the identity or the secret that the service is given.",
        403 => $"The storage refuses access ({failure.ErrorCode}); the identity needs the role Storage Blob Data Reader for a source, Storage Blob Data Contributor for an output; a signature may have expired.",
        404 => $"The storage has it no longer ({failure.ErrorCode}); it was removed since it was listed, or the name is wrong.",
        412 => "The blob changed between listing and reading; the next run reads its new version.",
        429 or 503 => $"The storage is too busy ({failure.ErrorCode}); it is tried again.",
        0 => "The storage did not answer; check the address, the name resolution and the firewall.",
        _ => $"The storage answered {failure.Status} ({failure.ErrorCode}).",
    };
}

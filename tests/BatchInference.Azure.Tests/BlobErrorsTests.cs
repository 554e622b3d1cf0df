using Azure;
using BatchInference.Documents;

namespace BatchInference.Azure.Tests;

/// <summary>Whose fault a failed call is.</summary>
public sealed class BlobErrorsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    [InlineData(206)]
    [InlineData(429)]
    [InlineData(503)]
    public void TheStorageIsToBlame(int status) => BlobErrors.Told("It cannot be listed", new RequestFailedException(status, "")).ShouldBeOfType<StorageUnavailableException>();

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(412)]
    public void TheCallIs(int status) => BlobErrors.Told("It cannot be listed", new RequestFailedException(status, "")).ShouldBeOfType<IOException>();

    [Fact]
    public void AnAnswerThatWasCutOffIsTold() => BlobErrors.Told("It cannot be listed", new AggregateException(new RequestFailedException(200, ""))).Message.ShouldBe("It cannot be listed. The storage's answer was cut off on its way.");
}

using System.Collections;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Tests.Configuration;

public sealed class SecretFilesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AFileOfTheCredentialsIsAVariableWithoutItsLastLineBreak()
    {
        folder.Write("credentials/AZURE_STORAGE_KEY", "canary\n");
        SecretFiles.Below(new Hashtable { ["CREDENTIALS_DIRECTORY"] = folder["credentials"] })["AZURE_STORAGE_KEY"].ShouldBe("canary");
    }

    [Fact]
    public void AVariableThatIsSetWins()
    {
        folder.Write("secrets/PGPASSWORD", "of the file");
        SecretFiles.Below(new Hashtable { ["BATCHINFERENCE_SECRETS"] = folder["secrets"], ["PGPASSWORD"] = "of the variable" })["PGPASSWORD"].ShouldBe("of the variable");
    }

    [Fact]
    public void AFolderThatIsAwayIsToldWithItsRemedy() =>
        Should.Throw<ConfigurationException>(() => SecretFiles.Below(new Hashtable { ["BATCHINFERENCE_SECRETS"] = folder["away"] }))
            .Message.ShouldContain("the secrets in this folder cannot be read");

    [Fact]
    public void AFileThatDpapiProtectedIsReadByWhoeverCan()
    {
        folder.Write("secrets/PGPASSWORD.dpapi", "yranac");
        var given = new Hashtable { ["BATCHINFERENCE_SECRETS"] = folder["secrets"] };
        SecretFiles.Below(given, content => [.. content.Reverse()])["PGPASSWORD"].ShouldBe("canary");
        Should.Throw<ConfigurationException>(() => SecretFiles.Below(given, _ => throw new System.Security.Cryptography.CryptographicException("yranac")))
            .Message.ShouldBe($"{folder["secrets/PGPASSWORD.dpapi"]}: this machine did not protect it, or it is damaged. Make it anew on this machine with [Security.Cryptography.ProtectedData]::Protect, scope LocalMachine (install/README.md).");
        Should.Throw<ConfigurationException>(() => SecretFiles.Below(given, null))
            .Message.ShouldBe($"{folder["secrets/PGPASSWORD.dpapi"]}: only Windows reads what DPAPI protected. Give the secret as a file without .dpapi, or as a credential of systemd.");
    }
}

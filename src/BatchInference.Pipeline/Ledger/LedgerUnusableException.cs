using Microsoft.Data.Sqlite;

namespace BatchInference.Pipeline;

/// <summary>The file of the books takes or gives nothing: until that is mended nothing can be recorded.</summary>
/// <param name="file">The file.</param>
/// <param name="cause">What SQLite said.</param>
public sealed class LedgerUnusableException(string file, SqliteException cause) : IOException($"{file}: the ledger cannot be used: {Remedy(cause)}", cause)
{
    // Result codes of SQLite (sqlite.org/rescode.html).
    private static string Remedy(SqliteException error) => error.SqliteErrorCode switch
    {
        3 or 8 or 14 => $"this account may not write it, or its disk is read-only ({error.Message}). Give the account of the service the right to write the state folder and all its files.",
        5 or 6 => "another process has had it locked for half a minute. Look which one runs (batch-inference status), and whether it hangs.",
        10 => $"its disk does not answer ({error.Message}). Look at the disk; then batch-inference ledger check.",
        13 => "the disk is full. Free space on it.",
        11 or 26 => $"it is damaged ({error.Message}). Restore a backup: batch-inference ledger restore --from FILE",
        7 => "there was not enough memory. Give the machine more, or let less run beside it.",
        _ => $"SQLite refuses ({error.Message}). If it does again, look whether its disk is sound; then batch-inference ledger check.",
    };
}

namespace BatchInference.Worker.Configuration;

/// <summary>The keys of the ledger.</summary>
internal static class LedgerKeys
{
    public static SectionKey Section { get; } = new("Where it is recorded what is settled.",
    [
        ("PostgreSql", new TextKey("Connection string, without password, of a PostgreSQL database that several machines share, such as `Host=db;Database=archives;Username=batch`. Default: a file in the state folder, for one machine.", "connection string")),
        ("LeaseSeconds", new IntegerKey("With PostgreSQL: a process that gives no sign of life for so long loses its job and its shards to the next that asks.", 2, 3600) { Default = 60 }),
        ("OutageSeconds", new IntegerKey("With PostgreSQL: how long a run waits for a database that is away before it gives up.", 0, 86_400) { Default = 600 }),
    ]);
}

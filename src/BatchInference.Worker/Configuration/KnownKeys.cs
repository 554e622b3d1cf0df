using System.Text.Json.Nodes;

namespace BatchInference.Worker.Configuration;

/// <summary>Every key there is: the one declaration of both kinds of file.</summary>
internal static class KnownKeys
{
    public const string NamePattern = "[a-z0-9][a-z0-9_-]{0,63}";
    private const string NameForm = "lower-case letters, digits, - and _";
    private const string TimePattern = "([01][0-9]|2[0-3]):[0-5][0-9]";

    private const string TextPlace = @"(?s:(?!.*\{text\}.*\{text\}).*\{text\}.*)";

    private static Key Role { get; } = new TextKey("A role.", "name of a role", NamePattern, "gpu");

    private static Key Model { get; } = new TextKey("A model of the shelf. Default: `Models:Default`.", "name of a model on the shelf");

    private static Key Variant { get; } = new TextKey("Which of the model's graphs. Default: `Models:Variant`, else what suits the provider.", "name of a variant");

    private static Key System { get; } = new TextKey("For a chat model: its system message.", "text");

    /// <summary><c>appsettings.json</c>.</summary>
    public static SectionKey AppSettings { get; } = new("What holds for the whole program.",
    [
        ("Paths", new SectionKey("Where the program finds things.",
        [
            ("Shipped", new TextKey("Folder with `models/` and `demo/`, read-only. Default: the configuration folder when it holds `models/`, else beside the program.", "path")),
        ])),
        ("Models", new SectionKey("How models are run.",
        [
            ("Default", new TextKey("The model of tasks that name none.", "name of a model on the shelf") { Default = "multilingual-e5-small" }),
            ("Variant", new TextKey("Which of a model's graphs, such as `int8`, `q4`, where it has that one and the task names none. Default: what suits the provider.", "name of a variant")),
            ("Provider", new ChoiceKey("Where models run. One that does not work is an error, never replaced in silence.", "cpu", "cuda", "directml") { Default = "cpu" }),
            ("Device", new IntegerKey("Number of the device.", 0, 63) { Default = 0 }),
            ("DeviceMemoryMegabytes", new IntegerKey("Most memory that is taken on a CUDA device. Default: what there is.", 64, 1_048_576)),
            ("Threads", new IntegerKey("Threads of one model run on the CPU; 0 for one a core.", 0, 1024) { Default = 0 }),
            ("BatchTokens", new IntegerKey("Most padded tokens of a batch. Default: what is best on the provider.", 64, 1_048_576)),
            ("PauseSeconds", new IntegerKey("A model that answered in a run and then fails for twenty documents in a row pauses the job; after so long it is asked again, then after twice as long, up to ten minutes.", 1, 3600) { Default = 30 }),
            ("LongestPauseMinutes", new IntegerKey("How long the job waits for such a model before the run ends; 0 ends it at once.", 0, 1440) { Default = 60 }),
        ])),
        ("Limits", new SectionKey("What a document may cost before it is refused with a reason.",
        [
            ("Megabytes", new IntegerKey("Largest document.", 1, 4096) { Default = 256 }),
            ("Characters", new IntegerKey("Longest text.", 1000, 100_000_000) { Default = 10_000_000 }),
            ("Pages", new IntegerKey("Most pages.", 1, 1_000_000) { Default = 20_000 }),
            ("Seconds", new IntegerKey("Longest time to get the text of one document; each document inside a document has its own.", 1, 86_400) { Default = 300 }),
            ("ContainerMegabytes", new IntegerKey("Largest document that holds documents: a ZIP, a mailbox.", 1, 1_048_576) { Default = 4096 }),
            ("Depth", new IntegerKey("How many containers may stand in each other.", 1, 50) { Default = 8 }),
            ("Members", new IntegerKey("Most documents inside a listed one.", 1, 100_000_000) { Default = 100_000 }),
            ("UnfoldedMegabytes", new IntegerKey("Most that a listed document may unfold to.", 1, 16_777_216) { Default = 65_536 }),
            ("CompressionRatio", new IntegerKey("How many times its size a listed document may unfold to; more is a decompression bomb.", 2, 1_000_000) { Default = 200 }),
            ("Readers", new IntegerKey("Documents that are read at once; 0 for one for every two cores, at least two.", 0, 256) { Default = 0 }),
            ("MemoryMegabytes", new IntegerKey("Most memory of one of the processes that read documents; there is one for each of `Readers`.", 128, 1_048_576) { Default = 1024 }),
            ("DocumentMinutes", new IntegerKey("Longest time for one listed document with all that is inside it.", 1, 10_080) { Default = 720 }),
            ("DocumentsPerProcess", new IntegerKey("Documents after which a reading process is replaced by a fresh one.", 1, 1_000_000) { Default = 500 }),
            ("Retries", new IntegerKey("How often a run tries a document again that failed temporarily; what fails then is left to the next run.", 0, 10) { Default = 3 }),
            ("RetrySeconds", new IntegerKey("How long such a document waits at least before it is tried again; five times as long before each further try.", 1, 3600) { Default = 1 }),
        ])),
        ("Ocr", new SectionKey("How scanned pages are read, by Tesseract and Poppler where they are installed.",
        [
            ("Enabled", new SwitchKey("Whether they are read.") { Default = true }),
            ("Languages", new ListKey("Languages by Tesseract's names, the likeliest first.", new TextKey("A language.", "name of a language of Tesseract", "[A-Za-z][A-Za-z0-9_]{1,31}", "fra"), 1) { Default = new JsonArray("fra", "eng") }),
            ("Dpi", new IntegerKey("Dots per inch with which PDF pages are drawn to be read.", 100, 600) { Default = 300 }),
            ("SecondsPerPage", new IntegerKey("Longest time for one page; a document may take as much longer as it has scanned pages.", 1, 3600) { Default = 120 }),
            ("PagesAtOnce", new IntegerKey("Scanned pages of one document that are read at once.", 1, 256) { Default = 2 }),
            ("Tools", new TextKey("Folder of `tesseract` and `pdftoppm`. Default: they are looked for along `PATH`.", "path")),
        ])),
        ("Ledger", LedgerKeys.Section),
        ("Storage", new SectionKey("How patient the program is with containers and buckets, and with a full disk.",
        [
            ("Tries", new IntegerKey("How often a request is sent before it counts as failed; the storage may say how long to wait between.", 1, 20) { Default = 5 }),
            ("RequestSeconds", new IntegerKey("Longest silence of the storage within one request.", 1, 3600) { Default = 100 }),
            ("OperationSeconds", new IntegerKey("Longest time of one operation, such as creating a part, all its requests included.", 1, 86_400) { Default = 600 }),
            ("AtOnce", new IntegerKey("Most operations and documents that a job has at once with one storage; further ones wait.", 2, 1000) { Default = 32 }),
            ("FailuresBeforePause", new IntegerKey("After so many failed operations within a minute the job pauses instead of failing documents.", 2, 1000) { Default = 5 }),
            ("PauseSeconds", new IntegerKey("How long the job pauses before it asks the storage again.", 1, 3600) { Default = 30 }),
            ("OutputPauseSeconds", new IntegerKey("An output folder that is full or read-only pauses the job: how long before it tries to write again.", 1, 3600) { Default = 10 }),
        ])),
        ("Logging", WatchKeys.Logging),
        ("Node", new SectionKey("What this machine is for, where several share a ledger.",
        [
            ("Roles", new ListKey("Roles, such as `gpu`: its service runs the jobs that name none, and those that name one of these.", Role, 1)),
        ])),
        ("Health", WatchKeys.Health),
        ("Telemetry", WatchKeys.Telemetry),
        ("Notices", NoticeKeys.Section),
    ]);

    /// <summary>A file of <c>jobs/</c>.</summary>
    public static SectionKey Job { get; } = new("One job: which documents, which tasks, where the results go, when.",
    [
        ("enabled", new SwitchKey("Whether the service runs it; `run` does in any case.") { Default = true }),
        ("roles", new ListKey("Only services of machines that have one of these roles (`Node:Roles`) run it; `run` does in any case. Default: every machine.", Role, 1)),
        ("schedule", new ListKey("The nights. Without any the job runs only by `run`.", new SectionKey("When the job opens and closes.",
        [
            ("opens", new TextKey("Local time of the opening.", "time of the form HH:mm", TimePattern, "20:00") { Required = true }),
            ("closes", new TextKey("Local time of the close; earlier than `opens` means on the next day. So long before as that takes at the pace of the run, a quarter of an hour at most, nothing new is begun: what is in hand is finished and published by then.", "time of the form HH:mm", TimePattern, "20:00") { Required = true }),
            ("timeZone", new TextKey("IANA or Windows name of the zone, such as `Europe/Paris`. Default: the machine's.", "time zone")),
            ("nights", new ListKey("Days on which it opens, such as `Mon-Fri` or `Sat`. Default: every day.", new TextKey("A day or a range of days.", "day or range of days", "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))?", "Mon-Fri"), 1)),
            ("exceptNightsOf", new ListKey("Dates on which it does not open.", new TextKey("A date.", "date of the form yyyy-MM-dd", "[0-9]{4}-[0-9]{2}-[0-9]{2}", "2026-12-25"))),
        ]) { Rule = Rules.Schedule })),
        ("source", new SectionKey("Where the documents are.",
        [
            ("folder", StorageKeys.FolderSource),
            ("azureBlob", StorageKeys.BlobSource),
            ("s3", StorageKeys.ObjectSource),
        ]) { ExactlyOne = true, Required = true }),
        ("tasks", new MapKey("What is asked of each document; the names become columns.", NameForm, NamePattern, new SectionKey("One task.",
        [
            ("classify", new SectionKey("A label: from a set (`labels`), or from those that the `model` was trained for.",
            [
                ("labels", new TextKey("Name of the set in `labels/`. Without it the model's own labels are used.", "name of a label set", NamePattern, "topics")),
                ("model", Model),
                ("variant", Variant),
                ("template", new TextKey("For a model of entailment: the sentence that is asked of each label, with `{}` for the label. Default: `Ce texte parle de {}.`", "sentence with {}", @"[^{}]*\{\}[^{}]*", "Ce texte parle de {}.")),
                ("language", new TextKey("Language of the `template` or the instruction: labels stand in it by their titles in that language, where they have one.", "language as ISO 639 writes it", "[a-z]{2,3}", "fr") { Default = "fr" }),
                ("severalLabels", new SwitchKey("For a model of entailment: whether several labels may hold at once.") { Default = false }),
                ("instruction", new TextKey("For a model that writes: what it is told, with `{text}` for the document and `{labels}` for the list of labels. It can answer with nothing but a label.", "text with {text}", TextPlace, "Classe ce texte :\n{labels}\n\n{text}")),
                ("system", System),
            ]) { Rule = Rules.Classify }),
            ("summarize", new SectionKey("A summary, of `sentences` or `characters`: made of exact quotes, or, by a `model` that writes, in its own words.",
            [
                ("sentences", new IntegerKey("How many sentences.", 1, 100)),
                ("characters", new IntegerKey("At most so many characters.", 20, 20_000)),
                ("model", Model),
                ("variant", Variant),
                ("instruction", new TextKey("For a model that writes: what it is told, with `{text}` for the document. Default: what suits the model.", "text with {text}", TextPlace, "Résume ce texte :\n{text}")),
                ("system", System),
                ("thinking", new SwitchKey("Whether a reasoning model may think before it answers. What it thinks stands apart, in `reasoning`.") { Default = true }),
                ("generation", new SectionKey("How a model writes; what is left out is as `generation_config.json` of the model has it.",
                [
                    ("maxNewTokens", new IntegerKey("Most tokens of an answer, thoughts included. Default: the model's, else what leaves room for the text.", 1, 100_000)),
                    ("minNewTokens", new IntegerKey("Fewest tokens of an answer.", 0, 10_000)),
                    ("beams", new IntegerKey("Hypotheses that are followed at once; 1 for the best token each time.", 1, 64)),
                    ("lengthPenalty", new NumberKey("With beams: above 0 prefers longer answers, below 0 shorter ones.", -10, 10)),
                    ("earlyStopping", new ChoiceKey("With beams: when the search ends (transformers' false, true, \"never\").", "heuristic", "full", "never")),
                    ("repetitionPenalty", new NumberKey("Above 1 makes tokens that stand there already less likely.", 0.01, 100)),
                    ("noRepeatNgram", new IntegerKey("No sequence of so many tokens twice; 0 for no such rule.", 0, 1000)),
                    ("sample", new SwitchKey("Draws tokens by chance, with `temperature`, `topK`, `topP` of the model or of here. Never without this key: the same document is to have the same answer.") { Default = false }),
                    ("temperature", new NumberKey("Below 1 keeps to likely tokens, above 1 strays from them.", 0.01, 100)),
                    ("topK", new IntegerKey("Draws from so many of the best tokens; 0 for all.", 0, 1_000_000)),
                    ("topP", new NumberKey("Draws from the best tokens that together have this probability.", 0, 1)),
                    ("seed", new IntegerKey("Where chance starts from: the same seed draws the same tokens for the same text.", 0, long.MaxValue)),
                    ("stop", new ListKey("The answer ends with the first of these texts.", new TextKey("A text.", "text"))),
                ])),
            ]) { Alternatives = ["sentences", "characters"] }),
        ]) { ExactlyOne = true }, 1) { Required = true }),
        ("content", new SectionKey("Where records (JSON, JSON lines, Parquet) have what is read of them.",
        [
            ("textField", new TextKey("Field or column of the text; a path such as `record.text` leads into objects. Default: `text` of a record, the messages of an OpenAI batch request, all of a JSON file.", "name of a field")),
            ("idField", new TextKey("Field or column that is carried into the row's `metadata`.", "name of a field")),
        ])),
        ("output", new SectionKey("Where the results go.",
        [
            ("folder", StorageKeys.FolderOutput),
            ("azureBlob", StorageKeys.BlobOutput),
            ("s3", StorageKeys.ObjectOutput),
            ("formats", new ListKey("What is written. The JSON lines always are. A format that is added later has the rows from then on; `export` gives all.", new ChoiceKey("A format.", "jsonl", "parquet", "csv")) { Default = new JsonArray("jsonl", "parquet", "csv") }),
            ("csv", new SectionKey("How CSV files are written.",
            [
                ("delimiter", new ChoiceKey("Between cells. A spreadsheet splits at the one of its country: a French Excel needs `;`.", ",", ";", "\t", "|") { Default = "," }),
                ("byteOrderMark", new SwitchKey("Begins files with the mark by which spreadsheets know UTF-8.") { Default = false }),
            ])),
            ("text", new SwitchKey("Also stores the extracted texts, so that quotes can be checked. Switched on later it does so for documents from then on; `run --again` stores all.") { Default = false }),
            ("metadata", new SwitchKey("Also writes what documents say of themselves (title, author, dates) as `metadata`. Identifiers that a container gives its documents are in the JSON lines in any case.") { Default = false }),
        ]) { Alternatives = ["folder", "azureBlob", "s3"], Required = true }),
    ]);

    private static class Rules
    {
        public static void Classify(string path, JsonObject task, ConfigurationCheck check)
        {
            if (!task.ContainsKey("labels") && !task.ContainsKey("model"))
                check.Add(path, "says nothing. Write the name of a label set as labels, or of a classification model as model.");
        }

        public static void Schedule(string path, JsonObject night, ConfigurationCheck check)
        {
            if (Text(night, "opens") is { } opens && opens == Text(night, "closes"))
                check.Wrong($"{path}.closes", night["closes"], "is the time of the opening", "Write a later time; 24 hours are two schedules.");
            if (Text(night, "timeZone") is { } zone && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
                check.Wrong($"{path}.timeZone", night["timeZone"], "is not known on this machine", "Write an IANA name such as Europe/Paris, or a Windows name such as Romance Standard Time.");
            if (night["exceptNightsOf"] is JsonArray dates)
                for (var index = 0; index < dates.Count; index++)
                    if (dates[index] is JsonValue value && value.TryGetValue(out string? date) && date.Length == 10 && !DateOnly.TryParseExact(date, "yyyy-MM-dd", out _))
                        check.Wrong($"{path}.exceptNightsOf[{index}]", value, "is no date of the calendar", "Write a day that there is.");
        }

        private static string? Text(JsonObject section, string key) => section[key] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
    }
}

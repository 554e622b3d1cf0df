using BatchInference.Benchmarks;

return args switch
{
    ["summaries"] => Summaries.Run("int8"),
    ["summaries", var variant] => Summaries.Run(variant),
    ["batches"] => Batches.Run("int8"),
    ["batches", var variant] => Batches.Run(variant),
    ["labels"] => Labels.Run("int8"),
    ["labels", var variant] => Labels.Run(variant),
    ["labels-means", var variant] => Labels.Means(variant),
    ["labels-ship", var variant] => Labels.Ship(variant),
    ["road-vs-bare"] => await RoadVersusBare.RunAsync("int8"),
    ["road-vs-bare", var variant] => await RoadVersusBare.RunAsync(variant),
    ["ledger"] => await LedgerNights.RunAsync(1_000_000),
    ["ledger", var documents] => await LedgerNights.RunAsync(int.Parse(documents, System.Globalization.CultureInfo.InvariantCulture)),
    ["two-nodes"] => await TwoNodes.RunAsync(4_000, 3),
    ["two-nodes", var documents, var turns] => await TwoNodes.RunAsync(int.Parse(documents, System.Globalization.CultureInfo.InvariantCulture), int.Parse(turns, System.Globalization.CultureInfo.InvariantCulture)),
    ["durability"] => await Durability.RunAsync(20_000),
    ["extraction"] => await Extraction.RunAsync(),
    ["isolation"] => await Isolation.RunAsync("int8"),
    ["memory"] => await Memory.RunAsync(2_000, 20_000),
    ["generate"] => await Generate.RunAsync(null),
    ["generate", var node] => await Generate.RunAsync(node),
    ["scale"] => await Scale.RunAsync(),
    ["scale-child", var loop, var folder] => Scale.Child(loop, folder),
    ["tokenizers"] => Tokenizers.Run(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("road-vs-bare [variant] encoder tokens per second of a whole run against a bare loop of ONNX Runtime");
    Console.Error.WriteLine("extraction            documents and pages per second and core by format, PDF beside pdftotext on the same files");
    Console.Error.WriteLine("isolation             seconds of a run over the demo archive whose documents are read in processes of their own, in the same process, or were read before");
    Console.Error.WriteLine("memory                peak resident set of the published program for 2,000 and 20,000 documents");
    Console.Error.WriteLine("generate [folder]     new tokens per second against a bare loop, and against transformers.js where a folder has node_modules/@huggingface/transformers");
    Console.Error.WriteLine("ledger [documents]    what the books cost: recording a million documents, and a second night that finds nothing new");
    Console.Error.WriteLine("two-nodes [d t]       one night by one node and by two that share a ledger, a core each, for d documents and t turns (PostgreSQL, taskset)");
    Console.Error.WriteLine("durability            what the journal and the names of what is in hand cost a document");
    Console.Error.WriteLine("scale                 speed and memory of a 1.5B model (random weights, int4, 2 GB written for the run) that summarises 3,000 tokens");
    Console.Error.WriteLine("batches [variant]     encoder tokens per second by size of batch");
    Console.Error.WriteLine("tokenizers            megabytes of text a second against one thread of the Rust tokenizers (needs node and npm)");
    Console.Error.WriteLine("summaries [variant]   ROUGE of extractive summaries against written ones (BATCHINFERENCE_SUMMARIES names the file)");
    Console.Error.WriteLine("labels [variant]      accuracy and calibration of label sets with all, few and no examples; prints the page results/labels.md");
    Console.Error.WriteLine("labels-means variant  writes the default mean of the archive into the sources (build anew afterwards)");
    Console.Error.WriteLine("labels-ship variant   trains the shipped label sets and writes their heads into config/labels");
    return 2;
}

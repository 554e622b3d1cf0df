using System.Text;

namespace BatchInference.Models.Onnx;

/// <summary>
/// What an ONNX file says of itself without being loaded: operators, files beside it. Reads the protobuf frame (onnx.proto) by skipping all weights, so a file of
/// gigabytes costs little, and so a folder can be judged before any native code sees it.
/// </summary>
internal sealed class OnnxGraphFile
{
    private const int MostDepth = 32;

    private readonly HashSet<(string Domain, string Name)> operators = [];
    private readonly HashSet<string> externalFiles = new(StringComparer.Ordinal);
    private readonly HashSet<(string Domain, string Name)> functions = [];
    private readonly string path;
    private readonly FileStream file;

    private OnnxGraphFile(string path, FileStream file)
    {
        this.path = path;
        this.file = file;
    }

    /// <summary>Every operator of the graph and its inner graphs, with its domain (empty for ONNX's own); functions that the file itself defines are left out.</summary>
    public IReadOnlySet<(string Domain, string Name)> Operators => operators;

    /// <summary>
    /// True when rows that are run together change each other's answers: dynamic quantization (<c>DynamicQuantizeLinear</c> and its kin) takes one scale from all numbers of a batch, so
    /// the same document would have another answer each night, by whatever came with it. Blocks of weights (<c>MatMulNBits</c>) do not.
    /// </summary>
    public bool MindsCompany => operators.Any(known => known.Name.StartsWith("DynamicQuantize", StringComparison.Ordinal));

    /// <summary>Files that hold weights, as the graph names them, relative to its folder.</summary>
    public IReadOnlySet<string> ExternalFiles => externalFiles;

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelException">It is damaged, cut off, or no ONNX file.</exception>
    public static OnnxGraphFile Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            var graph = new OnnxGraphFile(path, file);
            graph.ReadModel();
            graph.operators.ExceptWith(graph.functions);
            return graph;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{path}: expected to read the graph, found: {error.Message}", error);
        }
    }

    private void ReadModel()
    {
        var found = false;
        Fields(file.Length, (field, end) =>
        {
            // ModelProto: graph = 7, functions = 25.
            found |= field == 7;
            if (field == 7)
                ReadGraph(end, 0);
            else if (field == 25)
                ReadFunction(end);
        });
        if (!found)
            throw Damaged("no graph");
    }

    private void ReadGraph(long graphEnd, int depth)
    {
        if (depth > MostDepth)
            throw Damaged($"graphs within graphs deeper than {MostDepth}");
        // GraphProto: node = 1, initializer = 5.
        Fields(graphEnd, (field, end) =>
        {
            if (field == 1)
                ReadNode(end, depth);
            else if (field == 5)
                ReadTensor(end);
        });
    }

    private void ReadNode(long nodeEnd, int depth)
    {
        var (name, domain) = ("", "");
        // NodeProto: op_type = 4, attribute = 5, domain = 7. AttributeProto: t = 5, g = 6, tensors = 10, graphs = 11.
        Fields(nodeEnd, (field, end) =>
        {
            if (field == 4)
                name = Text(end);
            else if (field == 7)
                domain = Text(end);
            else if (field == 5)
                Fields(end, (inner, innerEnd) =>
                {
                    if (inner is 6 or 11)
                        ReadGraph(innerEnd, depth + 1);
                    else if (inner is 5 or 10)
                        ReadTensor(innerEnd);
                });
        });
        operators.Add((domain == "ai.onnx" ? "" : domain, name));
    }

    private void ReadFunction(long functionEnd)
    {
        var (name, domain) = ("", "");
        // FunctionProto: name = 1, node = 7, domain = 10.
        Fields(functionEnd, (field, end) =>
        {
            if (field == 1)
                name = Text(end);
            else if (field == 10)
                domain = Text(end);
            else if (field == 7)
                ReadNode(end, 1);
        });
        functions.Add((domain, name));
    }

    private void ReadTensor(long tensorEnd) =>
        // TensorProto: external_data = 13, pairs of key = 1 and value = 2.
        Fields(tensorEnd, (field, end) =>
        {
            if (field != 13)
                return;
            var (key, value) = ("", "");
            Fields(end, (inner, innerEnd) =>
            {
                if (inner == 1)
                    key = Text(innerEnd);
                else if (inner == 2)
                    value = Text(innerEnd);
            });
            if (key == "location")
                externalFiles.Add(value);
        });

    // Calls back for each field with a length; what the callback leaves unread is skipped.
    private void Fields(long until, Action<int, long> field)
    {
        while (file.Position < until)
        {
            var tag = Number();
            switch (tag & 7)
            {
                case 0:
                    Number();
                    break;
                case 1:
                    Skip(8, until);
                    break;
                case 5:
                    Skip(4, until);
                    break;
                case 2:
                    var length = Number();
                    if (file.Position > until || length > (ulong)(until - file.Position))
                        throw Damaged("the end of the file where more was announced");
                    var end = file.Position + (long)length;
                    field((int)(tag >> 3), end);
                    if (file.Position != end)
                        file.Position = end;
                    break;
                default:
                    throw Damaged("bytes that are no protobuf");
            }
        }
    }

    private void Skip(int bytes, long until)
    {
        if (file.Position + bytes > until)
            throw Damaged("the end of the file where more was announced");
        file.Position += bytes;
    }

    private ulong Number()
    {
        var number = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = file.ReadByte();
            if (next < 0)
                throw Damaged("the end of the file where more was announced");
            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return number;
        }

        throw Damaged("bytes that are no protobuf");
    }

    private string Text(long end)
    {
        if (end - file.Position > 4096)
            throw Damaged("a name of more than 4096 bytes");
        Span<byte> bytes = stackalloc byte[(int)(end - file.Position)];
        file.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private ModelException Damaged(string found) =>
        new($"{path}: expected a whole ONNX file, found {found} ({file.Length} bytes). It is damaged or its download was cut off (a Git LFS pointer is not the file); fetch it again.");
}

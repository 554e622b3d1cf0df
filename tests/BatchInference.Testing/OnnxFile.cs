using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Testing;

/// <summary>
/// Writes ONNX graphs (the messages of onnx.proto, by their field numbers), so that tests and benchmarks can make the graph that they need: hostile ones, endless ones, large ones.
/// </summary>
/// <remarks>The numbers of <see cref="TensorElementType"/> are those of onnx.proto.</remarks>
/// <param name="opset">Version of ONNX's own operators; those of com.microsoft are always imported too.</param>
public sealed class OnnxFile(int opset = 21)
{
    private const string Contributed = "com.microsoft";

    private readonly ProtobufMessage graph = new ProtobufMessage().Text(2, "graph");

    /// <summary>Declares an input; a dimension is a number, or a name where it is open.</summary>
    public OnnxFile Input(string name, TensorElementType type, params object[] shape)
    {
        graph.Message(11, Declared(name, type, shape));
        return this;
    }

    /// <summary>Declares an output.</summary>
    public OnnxFile Output(string name, TensorElementType type, params object[] shape)
    {
        graph.Message(12, Declared(name, type, shape));
        return this;
    }

    /// <summary>Adds an operator; one whose name begins with <c>com.microsoft.</c> is of that domain.</summary>
    /// <param name="operation">The operator.</param>
    /// <param name="inputs">Names of what it reads; empty for an optional one that is left out.</param>
    /// <param name="outputs">Names of what it gives.</param>
    /// <param name="attributes">Whole numbers, <see cref="float"/>, <see cref="string"/>, arrays of <see cref="long"/>, or another <see cref="OnnxFile"/> as inner graph.</param>
    public OnnxFile Node(string operation, string[] inputs, string[] outputs, params (string Name, object Value)[] attributes)
    {
        var node = new ProtobufMessage();
        foreach (var input in inputs)
            node.Text(1, input);
        foreach (var output in outputs)
            node.Text(2, output);
        var contributed = operation.StartsWith(Contributed, StringComparison.Ordinal);
        node.Text(3, $"{outputs[0]}.node").Text(4, contributed ? operation[(Contributed.Length + 1)..] : operation);
        foreach (var (name, value) in attributes)
            node.Message(5, Attribute(name, value));
        if (contributed)
            node.Text(7, Contributed);
        graph.Message(1, node);
        return this;
    }

    /// <summary>Adds weights that stand in the file.</summary>
    public OnnxFile Weights<T>(string name, TensorElementType type, ReadOnlySpan<T> values, params long[] shape)
        where T : unmanaged
    {
        graph.Message(5, Tensor(name, type, shape).Bytes(9, MemoryMarshal.AsBytes(values)));
        return this;
    }

    /// <summary>Adds weights that stand in a file beside it.</summary>
    public OnnxFile External(string name, TensorElementType type, string file, long offset, long length, params long[] shape)
    {
        var tensor = Tensor(name, type, shape);
        foreach (var (key, value) in new[] { ("location", file), ("offset", FormattableString.Invariant($"{offset}")), ("length", FormattableString.Invariant($"{length}")) })
            tensor.Message(13, new ProtobufMessage().Text(1, key).Text(2, value));
        // data_location = EXTERNAL.
        graph.Message(5, tensor.Number(14, 1));
        return this;
    }

    /// <summary>The file's content.</summary>
    public byte[] ToArray() => new ProtobufMessage()
        .Number(1, 10)
        .Message(7, graph)
        .Message(8, new ProtobufMessage().Text(1, "").Number(2, opset))
        .Message(8, new ProtobufMessage().Text(1, Contributed).Number(2, 1))
        .ToArray();

    /// <summary>Writes the file.</summary>
    public string Save(string path)
    {
        File.WriteAllBytes(path, ToArray());
        return path;
    }

    private static ProtobufMessage Declared(string name, TensorElementType type, object[] shape)
    {
        var dimensions = new ProtobufMessage();
        foreach (var dimension in shape)
            dimensions.Message(1, dimension is string open ? new ProtobufMessage().Text(2, open) : new ProtobufMessage().Number(1, Convert.ToInt64(dimension, null)));
        var tensor = new ProtobufMessage().Number(1, (long)type).Message(2, dimensions);
        return new ProtobufMessage().Text(1, name).Message(2, new ProtobufMessage().Message(1, tensor));
    }

    private static ProtobufMessage Tensor(string name, TensorElementType type, long[] shape)
    {
        var tensor = new ProtobufMessage();
        foreach (var dimension in shape)
            tensor.Number(1, dimension);
        return tensor.Number(2, (long)type).Text(8, name);
    }

    // AttributeProto: name = 1, f = 2, i = 3, s = 4, g = 6, ints = 8, type = 20 (FLOAT 1, INT 2, STRING 3, GRAPH 5, INTS 7).
    private static ProtobufMessage Attribute(string name, object value)
    {
        var attribute = new ProtobufMessage().Text(1, name);
        switch (value)
        {
            case float real:
                return attribute.Float(2, real).Number(20, 1);
            case string text:
                return attribute.Text(4, text).Number(20, 3);
            case OnnxFile inner:
                return attribute.Message(6, inner.graph).Number(20, 5);
            case long[] many:
                foreach (var number in many)
                    attribute.Number(8, number);
                return attribute.Number(20, 7);
            default:
                return attribute.Number(3, Convert.ToInt64(value, null)).Number(20, 2);
        }
    }

    /// <summary>One message in protobuf's wire format.</summary>
    private sealed class ProtobufMessage
    {
        private readonly MemoryStream bytes = new();

        public ProtobufMessage Number(int field, long value)
        {
            Variable((ulong)field << 3);
            Variable((ulong)value);
            return this;
        }

        public ProtobufMessage Float(int field, float value)
        {
            Variable(((ulong)field << 3) | 5);
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(four, value);
            bytes.Write(four);
            return this;
        }

        public ProtobufMessage Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public ProtobufMessage Message(int field, ProtobufMessage value) => Bytes(field, value.bytes.GetBuffer().AsSpan(0, (int)value.bytes.Length));

        public ProtobufMessage Bytes(int field, ReadOnlySpan<byte> value)
        {
            Variable(((ulong)field << 3) | 2);
            Variable((ulong)value.Length);
            bytes.Write(value);
            return this;
        }

        public byte[] ToArray() => bytes.ToArray();

        private void Variable(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                bytes.WriteByte((byte)(value | 0x80));
            bytes.WriteByte((byte)value);
        }
    }
}

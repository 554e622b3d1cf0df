using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Onnx;

/// <summary>Tensors in the library's own memory: made there, moved there, never through managed arrays.</summary>
internal static class Tensors
{
    /// <summary>Whole numbers or truth values, as the graph wants them (int64, int32 or bool).</summary>
    public static OrtValue Integers(NodeMetadata declared, ReadOnlySpan<long> values, params long[] shape)
    {
        var tensor = Empty(declared.ElementDataType, shape);
        Write(tensor, declared.ElementDataType, values);
        return tensor;
    }

    /// <summary>True for the types in which graphs take whole numbers and truth values.</summary>
    public static bool HoldsIntegers(TensorElementType type) => type is TensorElementType.Int64 or TensorElementType.Int32 or TensorElementType.Bool;

    /// <summary>Writes whole numbers into a tensor of as many, whose type is one that <see cref="HoldsIntegers"/>.</summary>
    public static void Write(OrtValue tensor, TensorElementType type, ReadOnlySpan<long> values)
    {
        switch (type)
        {
            case TensorElementType.Int64:
                values.CopyTo(tensor.GetTensorMutableDataAsSpan<long>());
                break;
            case TensorElementType.Int32:
                TensorPrimitives.ConvertChecked(values, tensor.GetTensorMutableDataAsSpan<int>());
                break;
            case TensorElementType.Bool:
                var flags = tensor.GetTensorMutableDataAsSpan<bool>();
                for (var index = 0; index < values.Length; index++)
                    flags[index] = values[index] != 0;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "No type of whole numbers.");
        }
    }

    /// <summary>A tensor with nothing sensible in it yet.</summary>
    public static OrtValue Empty(TensorElementType type, params long[] shape) => OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);

    /// <summary>The numbers of a tensor of single or half precision.</summary>
    public static float[] Floats(OrtValue tensor)
    {
        if (tensor.GetTensorTypeAndShape().ElementDataType == TensorElementType.Float)
            return tensor.GetTensorDataAsSpan<float>().ToArray();
        var narrow = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(tensor.GetTensorMutableRawData());
        var wide = new float[narrow.Length];
        TensorPrimitives.ConvertToSingle(narrow, wide);
        return wide;
    }

    /// <summary>The rows (entries of the first axis) that are asked for, in this order, as a new tensor.</summary>
    public static OrtValue Rows(OrtValue from, ReadOnlySpan<int> rows)
    {
        var about = from.GetTensorTypeAndShape();
        var shape = about.Shape;
        var size = shape[0];
        shape[0] = rows.Length;
        var to = Empty(about.ElementDataType, shape);
        var source = from.GetTensorMutableRawData();
        var target = to.GetTensorMutableRawData();
        var bytes = size == 0 ? 0 : checked((int)(source.Length / size));
        for (var row = 0; row < rows.Length; row++)
            source.Slice(rows[row] * bytes, bytes).CopyTo(target[(row * bytes)..]);
        return to;
    }

    /// <summary>Copies blocks (what is behind the leading axes) into the beginnings of the blocks of a tensor that has as many, but longer ones.</summary>
    public static void CopyBlocks(OrtValue from, OrtValue to, int blocks)
    {
        var source = from.GetTensorMutableRawData();
        var target = to.GetTensorMutableRawData();
        var (size, room) = (source.Length / blocks, target.Length / blocks);
        for (var block = 0; block < blocks; block++)
            source.Slice(block * size, size).CopyTo(target[(block * room)..]);
    }

    /// <summary>True when the rows that are asked for are all rows in their order.</summary>
    public static bool AreAll(ReadOnlySpan<int> rows, int count)
    {
        if (rows.Length != count)
            return false;
        for (var row = 0; row < rows.Length; row++)
            if (rows[row] != row)
                return false;
        return true;
    }
}

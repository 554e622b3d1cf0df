using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Onnx;

/// <summary>Tensors in the library's own memory: made there, moved there, never through managed arrays.</summary>
internal static class Tensors
{
    /// <summary>Whole numbers or truth values, as the graph wants them (int64, int32 or bool).</summary>
    public static OrtValue Integers(NodeMetadata declared, ReadOnlySpan<long> values, params long[] shape)
    {
        var type = declared.ElementDataType;
        var tensor = Empty(type, shape);
        switch (type)
        {
            case TensorElementType.Int64:
                values.CopyTo(tensor.GetTensorMutableDataAsSpan<long>());
                break;
            case TensorElementType.Int32:
                var narrow = tensor.GetTensorMutableDataAsSpan<int>();
                for (var index = 0; index < values.Length; index++)
                    narrow[index] = checked((int)values[index]);
                break;
            case TensorElementType.Bool:
                var flags = tensor.GetTensorMutableDataAsSpan<bool>();
                for (var index = 0; index < values.Length; index++)
                    flags[index] = values[index] != 0;
                break;
            default:
                tensor.Dispose();
                throw new ModelException($"Expected an input of whole numbers, found one of {type}. Export the model again with int64 inputs.");
        }

        return tensor;
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
        System.Numerics.Tensors.TensorPrimitives.ConvertToSingle(narrow, wide);
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

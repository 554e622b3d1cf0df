using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BatchInference.Models.Labels;

/// <summary>A dense matrix of rows. Sums run in four fixed lanes whatever the processor has, so a result is the same to the bit on each.</summary>
internal sealed class Matrix(int rows, int columns)
{
    private readonly double[] values = new double[checked(rows * columns)];

    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public double this[int row, int column]
    {
        get => values[(row * Columns) + column];
        set => values[(row * Columns) + column] = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<double> Row(int row) => values.AsSpan(row * Columns, Columns);

    /// <summary>The rows with these indices, in this order.</summary>
    public Matrix Take(IReadOnlyList<int> indices)
    {
        var taken = new Matrix(indices.Count, Columns);
        for (var i = 0; i < indices.Count; i++)
            Row(indices[i]).CopyTo(taken.Row(i));
        return taken;
    }

    /// <summary>Adds the products of <paramref name="left"/> and <paramref name="right"/> in four lanes, then the lanes, then the rest.</summary>
    public static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var sum = Vector256<double>.Zero;
        var a = MemoryMarshal.Cast<double, Vector256<double>>(left);
        var b = MemoryMarshal.Cast<double, Vector256<double>>(right[..left.Length]);
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        var total = sum[0] + sum[1] + sum[2] + sum[3];
        for (var i = a.Length * Vector256<double>.Count; i < left.Length; i++)
            total += left[i] * right[i];
        return total;
    }

    /// <summary>Adds <paramref name="factor"/> times <paramref name="source"/> to <paramref name="target"/>.</summary>
    public static void AddScaled(Span<double> target, double factor, ReadOnlySpan<double> source)
    {
        var factors = Vector256.Create(factor);
        var a = MemoryMarshal.Cast<double, Vector256<double>>(target);
        var b = MemoryMarshal.Cast<double, Vector256<double>>(source[..target.Length]);
        for (var i = 0; i < a.Length; i++)
            a[i] += factors * b[i];
        for (var i = a.Length * Vector256<double>.Count; i < target.Length; i++)
            target[i] += factor * source[i];
    }

    /// <summary>Gives a row the length 1.</summary>
    /// <returns>False when it has no length, or holds what is no number.</returns>
    public static bool Normalize(Span<double> row)
    {
        var length = Math.Sqrt(Dot(row, row));
        if (!(length > 0) || !double.IsFinite(length))
            return false;
        foreach (ref var value in row)
            value /= length;
        return true;
    }
}

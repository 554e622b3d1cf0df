namespace BatchInference.Models.Labels;

/// <summary>
/// Minimises a smooth convex function: quasi-Newton steps from the last few changes of the gradient (Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5), each shortened until the function falls enough (3.1).
/// </summary>
internal static class LimitedMemoryBfgs
{
    private const int Memory = 10;
    private const double SufficientDecrease = 1e-4;

    /// <summary>The value of the function; its gradient goes into the second argument.</summary>
    public delegate double Function(ReadOnlySpan<double> point, Span<double> gradient);

    /// <summary>Walks from <paramref name="point"/> to the minimum, in place.</summary>
    /// <param name="function">What is minimised.</param>
    /// <param name="point">Where it starts and ends.</param>
    /// <param name="tolerance">It ends when no component of the gradient is larger, or the function no longer falls by more than rounding.</param>
    /// <param name="iterations">Most steps.</param>
    /// <param name="cancellationToken">Asked before each step.</param>
    /// <returns>The value at the end.</returns>
    public static double Minimize(Function function, double[] point, double tolerance, int iterations, CancellationToken cancellationToken)
    {
        var gradient = new double[point.Length];
        var next = new double[point.Length];
        var nextGradient = new double[point.Length];
        var history = new Queue<(double[] Step, double[] Change, double Curvature)>(Memory);
        var value = function(point, gradient);
        for (var iteration = 0; iteration < iterations && Largest(gradient) > tolerance; iteration++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var direction = Direction(gradient, history);
            var slope = Matrix.Dot(direction, gradient);
            var length = history.Count == 0 ? Math.Min(1, 1 / Math.Sqrt(Matrix.Dot(gradient, gradient))) : 1;
            double nextValue;
            while (true)
            {
                point.CopyTo(next, 0);
                Matrix.AddScaled(next, length, direction);
                nextValue = function(next, nextGradient);
                if (nextValue <= value + (SufficientDecrease * length * slope))
                    break;
                length /= 2;
                if (length < 1e-12)
                    return value;
            }

            Remember(history, point, next, gradient, nextGradient);
            var fall = value - nextValue;
            (value, gradient, nextGradient) = (nextValue, nextGradient, gradient);
            next.CopyTo(point, 0);
            if (fall <= 1e-13 * Math.Abs(value))
                break;
        }

        return value;
    }

    private static double[] Direction(double[] gradient, Queue<(double[] Step, double[] Change, double Curvature)> history)
    {
        var direction = Array.ConvertAll(gradient, component => -component);
        var pairs = history.ToArray();
        var shares = new double[pairs.Length];
        for (var i = pairs.Length - 1; i >= 0; i--)
        {
            shares[i] = Matrix.Dot(pairs[i].Step, direction) / pairs[i].Curvature;
            Matrix.AddScaled(direction, -shares[i], pairs[i].Change);
        }

        if (pairs.Length > 0)
        {
            var (_, change, curvature) = pairs[^1];
            var scale = curvature / Matrix.Dot(change, change);
            for (var j = 0; j < direction.Length; j++)
                direction[j] *= scale;
        }

        for (var i = 0; i < pairs.Length; i++)
            Matrix.AddScaled(direction, shares[i] - (Matrix.Dot(pairs[i].Change, direction) / pairs[i].Curvature), pairs[i].Step);
        return direction;
    }

    private static void Remember(Queue<(double[] Step, double[] Change, double Curvature)> history, double[] point, double[] next, double[] gradient, double[] nextGradient)
    {
        // The oldest pair's arrays are used again: a head of many labels is several megabytes.
        var (step, change, _) = history.Count == Memory ? history.Dequeue() : (new double[point.Length], new double[point.Length], 0);
        for (var j = 0; j < point.Length; j++)
        {
            step[j] = next[j] - point[j];
            change[j] = nextGradient[j] - gradient[j];
        }

        // Rounding near the minimum may show no curvature; such a pair would turn the next direction uphill.
        var curvature = Matrix.Dot(step, change);
        if (curvature > 1e-14 * Math.Sqrt(Matrix.Dot(step, step) * Matrix.Dot(change, change)))
            history.Enqueue((step, change, curvature));
    }

    private static double Largest(double[] gradient)
    {
        var largest = 0.0;
        foreach (var component in gradient)
            largest = Math.Max(largest, Math.Abs(component));
        return largest;
    }
}

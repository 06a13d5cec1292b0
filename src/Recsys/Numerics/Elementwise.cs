using System.Numerics.Tensors;

namespace Recsys.Numerics;

/// <summary>
/// Work on spans of floats, element by element. Nothing is allocated. A destination may be a source itself, but not overlap it otherwise.
/// Linear work runs on <see cref="TensorPrimitives"/>. Functions with an exponential have their own kernels, about twice as fast or more and
/// right to 3 units in the last place: the value of an element depends on nothing but that element, not on its place in the span, so a
/// batch and a single call agree bit for bit. The softmax is no faster than that of TensorPrimitives, but doesn't overflow as that does.
/// NaN goes in and comes out. Thread-safe.
/// </summary>
public static partial class Elementwise
{
    /// <summary>destination = x + y.</summary>
    public static void Add(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination)
    {
        CheckLengths(x, y, destination);
        TensorPrimitives.Add(x, y, destination);
    }

    /// <summary>destination = x - y.</summary>
    public static void Subtract(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination)
    {
        CheckLengths(x, y, destination);
        TensorPrimitives.Subtract(x, y, destination);
    }

    /// <summary>destination = x · y, element by element.</summary>
    public static void Multiply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination)
    {
        CheckLengths(x, y, destination);
        TensorPrimitives.Multiply(x, y, destination);
    }

    /// <summary>y = y + α x.</summary>
    public static void Axpy(float alpha, ReadOnlySpan<float> x, Span<float> y)
    {
        CheckLengths(x, y);
        TensorPrimitives.MultiplyAdd(x, alpha, y, y);
    }

    /// <summary>x = α x.</summary>
    public static void Scale(float alpha, Span<float> x) => TensorPrimitives.Multiply(x, alpha, x);

    /// <summary>destination = x limited to minimum..maximum.</summary>
    /// <exception cref="ArgumentException">The minimum isn't at most the maximum.</exception>
    public static void Clamp(ReadOnlySpan<float> x, float minimum, float maximum, Span<float> destination)
    {
        CheckLengths(x, destination);
        if (!(minimum <= maximum))
            throw new ArgumentException(
                $"The minimum is {minimum} and the maximum {maximum}; the minimum must not be above.", nameof(minimum));
        TensorPrimitives.Clamp(x, minimum, maximum, destination);
    }

    /// <summary>destination = max(x, 0).</summary>
    public static void Relu(ReadOnlySpan<float> x, Span<float> destination)
    {
        CheckLengths(x, destination);
        TensorPrimitives.Max(x, 0f, destination);
    }

    /// <summary>The largest value.</summary>
    /// <exception cref="ArgumentException">The span is empty.</exception>
    public static float Max(ReadOnlySpan<float> x)
        => x.IsEmpty ? throw new ArgumentException("The span is empty; it has no largest value.", nameof(x)) : TensorPrimitives.Max(x);

    /// <summary>The smallest value.</summary>
    /// <exception cref="ArgumentException">The span is empty.</exception>
    public static float Min(ReadOnlySpan<float> x)
        => x.IsEmpty ? throw new ArgumentException("The span is empty; it has no smallest value.", nameof(x)) : TensorPrimitives.Min(x);

    /// <summary>Σ x; 0 of an empty span.</summary>
    public static float Sum(ReadOnlySpan<float> x) => TensorPrimitives.Sum(x);

    /// <summary>Σ x²; 0 of an empty span.</summary>
    public static float SumOfSquares(ReadOnlySpan<float> x) => TensorPrimitives.SumOfSquares(x);

    /// <summary>√Σ x², the length of the vector; 0 of an empty span.</summary>
    public static float Norm(ReadOnlySpan<float> x) => MathF.Sqrt(TensorPrimitives.SumOfSquares(x));

    /// <summary>x = x / ‖x‖; a vector of zeros stays as it is.</summary>
    /// <returns>The length that the vector had.</returns>
    public static float Normalize(Span<float> x)
    {
        var norm = Norm(x);
        if (norm > 0) TensorPrimitives.Divide(x, norm, x);
        return norm;
    }

    /// <summary>Index of the first NaN or infinity, -1 if every value is finite.</summary>
    public static int IndexOfNonFinite(ReadOnlySpan<float> x)
    {
        if (x.IsEmpty || TensorPrimitives.IsFiniteAll(x)) return -1;
        var i = 0;
        while (float.IsFinite(x[i])) i++;
        return i;
    }

    private static void CheckLengths(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"y has {y.Length} values and x {x.Length}; they must be as many.", nameof(y));
        CheckLengths(y, destination);
        CheckLengths(x, destination);
    }

    private static void CheckLengths(ReadOnlySpan<float> x, Span<float> destination)
    {
        if (x.Length != destination.Length)
            throw new ArgumentException(
                $"The destination has room for {destination.Length} values, x has {x.Length}; they must be as many.", nameof(destination));
        if (x.Overlaps(destination, out var offset) && offset != 0)
            throw new ArgumentException(
                $"The destination overlaps a source, shifted by {offset}; give the same span or another.", nameof(destination));
    }
}

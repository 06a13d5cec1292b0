using Recsys.Numerics;

namespace Recsys.Indexing;

/// <summary>What every index asks of the vectors and queries that it is given.</summary>
internal static class VectorChecks
{
    private const float MaxSquaredLength = float.MaxValue / 4;

    /// <summary>Whole vectors of at least one float.</summary>
    public static int Count(ReadOnlySpan<float> vectors, int dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        return vectors.Length % dimensions == 0
            ? vectors.Length / dimensions
            : throw new ArgumentException($"vectors holds {vectors.Length} floats, not whole vectors of {dimensions}.", nameof(vectors));
    }

    public static void Query(ReadOnlySpan<float> query, int dimensions)
    {
        if (query.Length != dimensions)
            throw new ArgumentException($"query holds {query.Length} floats; the vectors of this index have {dimensions}.", nameof(query));
        SquaredLength(query, nameof(query), -1);
    }

    /// <summary>The number of lists that fit is that of the queries; returns their length.</summary>
    public static int Batch(ReadOnlySpan<float> queries, int dimensions, int destination, int counts)
    {
        if (queries.Length != (long)counts * dimensions)
        {
            throw new ArgumentException(
                $"queries holds {queries.Length} floats; {counts} counts × {dimensions} dimensions is another number.", nameof(queries));
        }
        if (counts == 0) return 0;
        return destination % counts == 0
            ? destination / counts
            : throw new ArgumentException(
                $"destination holds {destination} items, not the same number for each of {counts} queries.", nameof(destination));
    }

    // With both squared lengths below a quarter of the largest float no product and no distance can overflow (Cauchy-Schwarz).
    public static float SquaredLength(ReadOnlySpan<float> vector, string name, int row)
    {
        var squared = Dot.Product(vector, vector);
        if (squared <= MaxSquaredLength) return squared;
        var where = row < 0 ? "the query" : $"vector {row}";
        for (var i = 0; i < vector.Length; i++)
            if (!float.IsFinite(vector[i]))
                throw new ArgumentException($"{name}: {where} holds {vector[i]} at {i}; it must be finite.", name);
        throw new ArgumentException($"{name}: the squared length of {where} is {squared}; it must be at most {MaxSquaredLength}.", name);
    }

    /// <summary>Checks what a model computed to be a query.</summary>
    /// <exception cref="ArithmeticException">It is too long, or not finite.</exception>
    public static void Computed(ReadOnlySpan<float> query)
    {
        var squared = Dot.Product(query, query);
        if (!(squared <= MaxSquaredLength))
            throw new ArithmeticException($"The model searches for a vector of squared length {squared}; {MaxSquaredLength} is the most.");
    }

    /// <summary>The vector with length 1; a zero vector stays as it is.</summary>
    public static void Normalize(ReadOnlySpan<float> vector, Span<float> destination)
    {
        // In double, so that a tiny vector whose squared length vanishes in float keeps its direction.
        var squared = 0.0;
        foreach (var x in vector) squared += (double)x * x;
        var factor = squared > 0 ? 1 / Math.Sqrt(squared) : 0;
        for (var i = 0; i < vector.Length; i++) destination[i] = (float)(vector[i] * factor);
    }

    /// <summary>Checks the vectors from a row on, and gives each length 1 where they are compared by cosine.</summary>
    public static void Prepare(Span<float> vectors, int dimensions, VectorSimilarity similarity, int firstRow = 0)
    {
        for (var row = firstRow; row < vectors.Length / dimensions; row++)
        {
            var vector = vectors.Slice(row * dimensions, dimensions);
            SquaredLength(vector, nameof(vectors), row - firstRow);
            if (similarity == VectorSimilarity.Cosine) Normalize(vector, vector);
        }
    }
}

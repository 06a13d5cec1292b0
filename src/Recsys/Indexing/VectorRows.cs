using System.Numerics;
using System.Numerics.Tensors;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Indexing;

/// <summary>
/// The vectors of an approximate index, some of them deleted: how they are scored one by one, and the exact search. Immutable.
/// </summary>
internal sealed class VectorRows
{
    private const int BlockRows = 512;
    private const int ScanShare = 4;    // up to a quarter of the rows are scored by their ids, more by scoring all

    private readonly float[] _array;
    private readonly MappedFloats? _mapped;   // instead of the array

    private VectorRows(
        float[] array, int dimensions, VectorSimilarity similarity, ulong[]? deleted, int deletedCount, MappedFloats? mapped = null)
    {
        (_array, _mapped, Dimensions, Similarity, Deleted, DeletedCount) = (array, mapped, dimensions, similarity, deleted, deletedCount);
        Count = Vectors.Length / dimensions;
        if (similarity != VectorSimilarity.Cosine) return;
        for (var i = 0; i < Count && !HasZeros; i++) HasZeros = IsZero(i) && !IsDeleted(i);
    }

    /// <summary>[Count, Dimensions]; of length 1 or 0 for the cosine.</summary>
    public ReadOnlySpan<float> Vectors => _mapped is null ? _array : _mapped.Span;

    public int Dimensions { get; }

    public VectorSimilarity Similarity { get; }

    /// <summary>A bit for each vector; null if none is deleted.</summary>
    public ulong[]? Deleted { get; }

    public int DeletedCount { get; }

    public int Count { get; }

    /// <summary>
    /// Whether the similarity is the cosine and a zero vector is among those not deleted: it has no direction, but a score, 0.
    /// </summary>
    public bool HasZeros { get; }

    /// <summary>Keeps the array, after checking it and giving its vectors length 1 where needed.</summary>
    public static VectorRows Own(float[] vectors, int dimensions, VectorSimilarity similarity)
    {
        VectorChecks.Prepare(vectors, dimensions, similarity);
        return new(vectors, dimensions, similarity, null, 0);
    }

    /// <summary>These, and more after them.</summary>
    public VectorRows With(ReadOnlySpan<float> more)
    {
        VectorChecks.Count(more, Dimensions);
        var all = new float[Vectors.Length + more.Length];
        Vectors.CopyTo(all);
        more.CopyTo(all.AsSpan(Vectors.Length));
        VectorChecks.Prepare(all, Dimensions, Similarity, Count);
        return new(all, Dimensions, Similarity, Deleted is null ? null : CopyOfDeleted(all.Length / Dimensions), DeletedCount);
    }

    /// <summary>These, more of them deleted.</summary>
    public VectorRows Without(ReadOnlySpan<int> items)
    {
        var (deleted, count) = (CopyOfDeleted(Count), DeletedCount);
        foreach (var item in items)
        {
            Check(item, nameof(items));
            if ((deleted[item >> 6] >> item & 1) == 0) count++;
            deleted[item >> 6] |= 1UL << item;
        }
        return new(_array, Dimensions, Similarity, count == 0 ? null : deleted, count, _mapped);
    }

    /// <summary>These without the zero vectors, which have no direction.</summary>
    public VectorRows WithoutZeros()
    {
        var zeros = new List<int>();
        for (var i = 0; i < Count; i++)
            if (IsZero(i)) zeros.Add(i);
        return zeros.Count == 0 ? this : Without([.. zeros]);
    }

    public bool IsDeleted(int item)
    {
        Check(item, nameof(item));
        return Deleted is not null && (Deleted[item >> 6] >> item & 1) != 0;
    }

    public ReadOnlySpan<float> Vector(int item)
    {
        Check(item, nameof(item));
        return Vectors.Slice(item * Dimensions, Dimensions);
    }

    public bool IsZero(int item) => !Vectors.Slice(item * Dimensions, Dimensions).ContainsAnyExcept(0f);

    /// <summary>Scores of some rows.</summary>
    public void Score(ReadOnlySpan<float> query, ReadOnlySpan<int> items, Span<float> scores)
    {
        if (Similarity == VectorSimilarity.Euclidean)
        {
            Dot.SquaredDistancesAt(Vectors, Dimensions, items, query, scores);
            TensorPrimitives.Negate(scores, scores);
        }
        else
        {
            Dot.RowsAt(Vectors, Dimensions, items, query, scores);
        }
    }

    /// <summary>Scores of rows that lie together, these or copies of these.</summary>
    public void ScoreRows(ReadOnlySpan<float> query, ReadOnlySpan<float> rows, Span<float> scores)
    {
        if (Similarity == VectorSimilarity.Euclidean)
        {
            Dot.SquaredDistances(rows, Dimensions, query, scores);
            TensorPrimitives.Negate(scores, scores);
        }
        else
        {
            Dot.Rows(rows, Dimensions, query, scores);
        }
    }

    /// <summary>A query checked, and of length 1 where needed, in the buffer then.</summary>
    public ReadOnlySpan<float> Ready(ReadOnlySpan<float> query, float[] buffer)
    {
        if (Similarity != VectorSimilarity.Cosine) return query;
        VectorChecks.Normalize(query, buffer);
        return buffer;
    }

    /// <summary>
    /// The deleted and the filter's excluded items, a bit each; null if there are none. Give it back to <see cref="ReturnExcluded"/>.
    /// </summary>
    public ulong[]? RentExcluded(in ItemFilter filter)
    {
        var excluded = TopItems.RentExcluded(filter, Count);
        if (excluded is null) return Deleted;
        for (var word = 0; Deleted is not null && word < Deleted.Length; word++) excluded[word] |= Deleted[word];
        return excluded;
    }

    public void ReturnExcluded(ulong[]? excluded)
    {
        if (!ReferenceEquals(excluded, Deleted)) TopItems.ReturnExcluded(excluded);
    }

    /// <summary>The exact search.</summary>
    public int Scan(ReadOnlySpan<float> query, in ItemFilter filter, ulong[]? excluded, Span<ScoredItem> destination)
    {
        Span<float> buffer = stackalloc float[BlockRows];
        var top = new TopItems(destination, filter, Count, excluded);
        if (filter.Allow is { } allow && allow.Count <= Count / ScanShare)
        {
            ScanAllowed(query, allow, buffer, ref top);
            return top.Finish();
        }
        for (var row = 0; row < Count; row += BlockRows)
        {
            var scores = buffer[..Math.Min(BlockRows, Count - row)];
            ScoreRows(query, Vectors.Slice(row * Dimensions, scores.Length * Dimensions), scores);
            top.OfferBlock(row, scores);
        }
        return top.Finish();
    }

    private void ScanAllowed(ReadOnlySpan<float> query, ItemSet allow, scoped Span<float> scores, ref TopItems top)
    {
        Span<int> items = stackalloc int[BlockRows];
        var count = 0;
        var words = allow.Words[..Math.Min(allow.Words.Length, (Count + 63) / 64)];
        for (var word = 0; word < words.Length; word++)
        {
            for (var bits = words[word]; bits != 0; bits &= bits - 1)
            {
                var item = word * 64 + BitOperations.TrailingZeroCount(bits);
                if (item < Count) items[count++] = item;
            }
            if (count <= BlockRows - 64 && word < words.Length - 1) continue;
            Score(query, items[..count], scores[..count]);
            for (var i = 0; i < count; i++) top.Offer(items[i], scores[i]);
            count = 0;
        }
    }

    public void Write(ModelWriter writer)
    {
        writer.Choice("similarity", Similarity);
        writer.Tensor("vectors", _mapped is null ? _array : Vectors.ToArray(), Count, Dimensions);
        writer.Tensor("deleted", Deleted ?? []);
    }

    /// <exception cref="InvalidDataException">A vector cannot be compared, or the deletions are not those of these vectors.</exception>
    public static VectorRows Read(ModelReader reader)
    {
        var similarity = reader.Choice<VectorSimilarity>("similarity");
        var shape = reader.Shape("vectors");
        if (shape.Length != 2 || shape[1] is < 1 or > int.MaxValue)
            throw reader.Invalid("the tensor 'vectors' must have two dimensions, items and at least one float each.");
        var (count, dimensions) = ((int)Math.Min(shape[0], int.MaxValue), (int)shape[1]);
        var array = reader.TensorOrMapped("vectors", out var mapped, count, dimensions);
        var vectors = mapped is null ? array : mapped.Span;
        for (var row = 0; row < count; row++)
        {
            var squared = VectorChecks.SquaredLength(vectors.Slice(row * dimensions, dimensions), "vectors", row);
            if (similarity == VectorSimilarity.Cosine && squared > 1.001f)
                throw reader.Invalid($"the vector at row {row} of 'vectors' has the squared length {squared}; for the cosine 1 or 0.");
        }
        var deleted = reader.Tensor<ulong>("deleted");
        if (deleted.Length != 0 && (deleted.Length != (count + 63) / 64 || count % 64 != 0 && deleted[^1] >> count != 0))
            throw reader.Invalid($"the tensor 'deleted' must hold one bit for each of {count} vectors.");
        var deletedCount = 0;
        foreach (var word in deleted) deletedCount += BitOperations.PopCount(word);
        return new(array, dimensions, similarity, deleted.Length == 0 ? null : deleted, deletedCount, mapped);
    }

    private void Check(int item, string name)
    {
        if ((uint)item >= (uint)Count) throw new ArgumentOutOfRangeException(name, item, $"{name} must lie between 0 and {Count - 1}.");
    }

    private ulong[] CopyOfDeleted(int count)
    {
        var deleted = new ulong[(count + 63) / 64];
        Deleted?.CopyTo(deleted, 0);
        return deleted;
    }
}

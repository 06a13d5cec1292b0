using Recsys.Persistence;

namespace Recsys.Indexing;

// Random hyperplanes: one bit for each side,
//
//   h_r(x) = [r · x ≥ 0],  r normal;   P(h_r(x) = h_r(y)) = 1 - θ(x, y) / π
//
// k bits are the key of a table, and a candidate lies in the query's bucket of at least one of L tables: P = 1 - (1 - (1 - θ/π)^k)^L; more
// by visiting the buckets that differ in the bits of lowest |r · q|. The dot product is served as the cosine of x ↦ (x / M, √(1 - ‖x‖² /
// M²)), M = max ‖x‖, and q ↦ (q / ‖q‖, 0). What is found is scored exactly.
//
// Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002. Lv et al., "Multi-probe LSH", VLDB 2007. Neyshabur,
// Srebro, "On symmetric and asymmetric LSHs for inner product search", ICML 2015.

/// <summary>
/// Nearest vectors by cosine or dot product through hash tables of random hyperplanes (SimHash). Built in a moment and
/// small beside <see cref="HnswIndex"/>, which finds more in the same time; by dot product, of vectors whose lengths differ much, these
/// tables find little. Where a filter lets few items through, or the buckets hold too few, the search is exact. Immutable, safe for any
/// number of threads; a search allocates nothing after warm-up. The tables do not depend on the threads.
/// </summary>
public sealed class SimHashIndex : IModelIndex, IModel<SimHashIndex>
{
    private readonly LshCore _core;
    private readonly SimHashOptions _options;

    private SimHashIndex(LshCore core, SimHashOptions options) => (_core, _options) = (core, options);

    /// <inheritdoc/>
    public static string Kind => "simhash-index";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    /// <remarks>Deleted ones included: ids stay.</remarks>
    public int Count => _core.Rows.Count;

    /// <summary>How many of them are deleted.</summary>
    public int DeletedCount => _core.Rows.DeletedCount;

    /// <inheritdoc/>
    public int Dimensions => _core.Rows.Dimensions;

    /// <summary>What is compared: the cosine or the dot product.</summary>
    public VectorSimilarity Similarity => _core.Rows.Similarity;

    /// <summary>Bytes of the vectors and tables together.</summary>
    public long Bytes => _core.Tables.Bytes + 4L * _core.Rows.Vectors.Length;

    /// <summary>Builds an index over a copy of the vectors.</summary>
    /// <param name="vectors">Row-major, one vector for each item; finite, and short enough that no score overflows (‖v‖ below
    /// 9.2e18).</param>
    /// <param name="dimensions">Floats in a vector, at least 1.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancel">Checked now and then.</param>
    /// <exception cref="ArgumentException">
    /// The floats do not fill whole vectors, one of them is not finite or far too long, or the similarity is the distance.
    /// </exception>
    public static SimHashIndex Build(
        ReadOnlySpan<float> vectors, int dimensions, SimHashOptions? options = null, CancellationToken cancel = default)
    {
        options ??= new();
        VectorChecks.Count(vectors, dimensions);
        return Own(VectorRows.Own(vectors.ToArray(), dimensions, options.Similarity), options, cancel);
    }

    internal static SimHashIndex Own(VectorRows rows, SimHashOptions options, CancellationToken cancel)
    {
        if (rows.Similarity == VectorSimilarity.Euclidean)
            throw new ArgumentException($"SimHash compares directions, not distances; use {nameof(PStableOptions)}.", nameof(options));
        var tables = new LshTables(rows, options.Tables, options.Bits, 0, options.Seed, options.Threads, cancel);
        return new(new LshCore(rows, tables, options.Probes), options);
    }

    /// <summary>
    /// A new index with more vectors, whose ids follow those of this one; ids that are deleted stay so. Hashes all of them again.
    /// </summary>
    /// <inheritdoc cref="Build"/>
    public SimHashIndex With(ReadOnlySpan<float> vectors, CancellationToken cancel = default)
        => Own(_core.Rows.With(vectors), _options, cancel);

    /// <summary>The same index without some items: no search returns them any more. Shares the tables.</summary>
    /// <param name="items">Dense ids, 0..<see cref="Count"/>-1; deleted ones may be among them.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public SimHashIndex Without(params ReadOnlySpan<int> items)
        => new(new LshCore(_core.Rows.Without(items), _core.Tables, _options.Probes), _options);

    /// <summary>Whether the item was deleted.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The item is not in the index.</exception>
    public bool IsDeleted(int item) => _core.Rows.IsDeleted(item);

    /// <summary>The vector of one item, deleted or not; of length 1 (or 0) where the similarity is the cosine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The item is not in the index.</exception>
    public ReadOnlySpan<float> Vector(int item) => _core.Rows.Vector(item);

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, Span<ScoredItem> destination) => _core.Search(query, default, destination);

    /// <inheritdoc/>
    /// <remarks>
    /// Returns min(destination.Length, items that pass) items for every filter. A predicate may be asked twice about an item.
    /// </remarks>
    public int Search(ReadOnlySpan<float> query, in ItemFilter filter, Span<ScoredItem> destination)
        => _core.Search(query, filter, destination);

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _core.Rows.Write(writer);
        ((IModelIndex)this).WriteWithoutRows(writer);
    }

    /// <inheritdoc/>
    /// <remarks>The tables are not in the file: they are hashed again.</remarks>
    public static SimHashIndex Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return ReadWithoutRows(reader, VectorRows.Read(reader));
    }

    void IModelIndex.WriteWithoutRows(ModelWriter writer)
    {
        writer.Integer("bits", _options.Bits);
        writer.Integer("tables", _options.Tables);
        writer.Integer("probes", _options.Probes);
        writer.Integer("seed", (long)_options.Seed);
    }

    internal static SimHashIndex ReadWithoutRows(ModelReader reader, VectorRows rows)
    {
        var options = new SimHashOptions
        {
            Similarity = rows.Similarity,
            Bits = reader.Int32("bits", 1, 30),
            Tables = reader.Int32("tables", 1, 1024),
            Probes = reader.Int32("probes", 1, 1024),
            Seed = (ulong)reader.Integer("seed"),
        };
        return Own(rows, options, CancellationToken.None);
    }

    /// <summary>The bits of a stored vector or of a query, all tables'; for tests.</summary>
    internal bool[] Signature(ReadOnlySpan<float> vector, bool isQuery = false)
    {
        var projections = new float[_options.Tables * _options.Bits];
        if (isQuery) _core.Tables.ProjectQuery(vector, projections);
        else _core.Tables.Project(vector, projections);
        return Array.ConvertAll(projections, p => p >= 0);
    }
}

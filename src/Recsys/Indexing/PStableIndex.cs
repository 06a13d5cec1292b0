using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Indexing;

// Random lines, cut into cells:
//
//   h_a,b(x) = ⌊(a · x) / w + b⌋,  a normal, b uniform in [0, 1)
//   P(h(x) = h(y)) = 1 - 2 Φ(-w/c) - 2 / (√(2π) w/c) (1 - exp(-w² / 2c²)),  c = ‖x - y‖
//
// k cells are the key of a table, and a candidate lies in the query's bucket of at least one of L tables, or in one of the buckets next to
// it. The cosine is served over vectors of length 1, the dot product over (x / M, √(1 - ‖x‖² / M²)) with M = max ‖x‖. What is found is
// scored exactly.
//
// Datar, Immorlica, Indyk, Mirrokni, "Locality-sensitive hashing scheme based on p-stable distributions", SCG 2004. Lv et al., "Multi-probe
// LSH", VLDB 2007. Neyshabur, Srebro, ICML 2015.

/// <summary>
/// Nearest vectors by distance, cosine or dot product through hash tables of p-stable projections (E2LSH). Built in a moment and
/// small beside <see cref="HnswIndex"/>, which finds more in the same time; by dot product, of vectors whose lengths differ much, these
/// tables find little. Where a filter lets few items through, or the buckets hold too few, the search is exact. Immutable, safe for any
/// number of threads; a search allocates nothing after warm-up. The tables do not depend on the threads.
/// </summary>
public sealed class PStableIndex : IModelIndex, IModel<PStableIndex>
{
    private const int Pairs = 256;

    private readonly LshCore _core;
    private readonly PStableOptions _options;

    private PStableIndex(LshCore core, PStableOptions options) => (_core, _options) = (core, options);

    /// <inheritdoc/>
    public static string Kind => "pstable-index";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    /// <remarks>Deleted ones included: ids stay.</remarks>
    public int Count => _core.Rows.Count;

    /// <summary>How many of them are deleted.</summary>
    public int DeletedCount => _core.Rows.DeletedCount;

    /// <inheritdoc/>
    public int Dimensions => _core.Rows.Dimensions;

    /// <summary>What is compared.</summary>
    public VectorSimilarity Similarity => _core.Rows.Similarity;

    /// <summary>w, the width of a cell.</summary>
    public float Width => _core.Tables.Width;

    /// <summary>Bytes of the vectors and tables together.</summary>
    public long Bytes => _core.Tables.Bytes + 4L * _core.Rows.Vectors.Length;

    /// <summary>Builds an index over a copy of the vectors.</summary>
    /// <param name="vectors">Row-major, one vector for each item; finite, and short enough that no score overflows (‖v‖ below
    /// 9.2e18).</param>
    /// <param name="dimensions">Floats in a vector, at least 1.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancel">Checked now and then.</param>
    /// <exception cref="ArgumentException">The floats do not fill whole vectors, or one of them is not finite or far too long.</exception>
    public static PStableIndex Build(
        ReadOnlySpan<float> vectors, int dimensions, PStableOptions? options = null, CancellationToken cancel = default)
    {
        options ??= new();
        VectorChecks.Count(vectors, dimensions);
        return Own(VectorRows.Own(vectors.ToArray(), dimensions, options.Similarity), options, cancel);
    }

    internal static PStableIndex Own(VectorRows rows, PStableOptions options, CancellationToken cancel)
    {
        var width = options.Width ?? TypicalDistance(rows, options.Seed);
        var tables = new LshTables(rows, options.Tables, options.Hashes, width, options.Seed, options.Threads, cancel);
        return new(new LshCore(rows, tables, options.Probes), options with { Width = width });
    }

    /// <summary>
    /// A new index with more vectors, whose ids follow those of this one; ids that are deleted stay so. Hashes all of them again, with the
    /// same width.
    /// </summary>
    /// <inheritdoc cref="Build"/>
    public PStableIndex With(ReadOnlySpan<float> vectors, CancellationToken cancel = default)
        => Own(_core.Rows.With(vectors), _options, cancel);

    /// <summary>The same index without some items: no search returns them any more. Shares the tables.</summary>
    /// <param name="items">Dense ids, 0..<see cref="Count"/>-1; deleted ones may be among them.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public PStableIndex Without(params ReadOnlySpan<int> items)
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
    public static PStableIndex Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return ReadWithoutRows(reader, VectorRows.Read(reader));
    }

    void IModelIndex.WriteWithoutRows(ModelWriter writer)
    {
        writer.Integer("hashes", _options.Hashes);
        writer.Integer("tables", _options.Tables);
        writer.Integer("probes", _options.Probes);
        writer.Real("width", Width);
        writer.Integer("seed", (long)_options.Seed);
    }

    internal static PStableIndex ReadWithoutRows(ModelReader reader, VectorRows rows)
    {
        var options = new PStableOptions
        {
            Similarity = rows.Similarity,
            Hashes = reader.Int32("hashes", 1, 30),
            Tables = reader.Int32("tables", 1, 1024),
            Probes = reader.Int32("probes", 1, 1024),
            Width = reader.Single("width", float.Epsilon),
            Seed = (ulong)reader.Integer("seed"),
        };
        return Own(rows, options, CancellationToken.None);
    }

    /// <summary>The cells of a vector, all tables'; for tests.</summary>
    internal int[] Signature(ReadOnlySpan<float> vector)
    {
        var projections = new float[_options.Tables * _options.Hashes];
        _core.Tables.Project(vector, projections);
        var cells = new int[projections.Length];
        for (var i = 0; i < cells.Length; i++) cells[i] = _core.Tables.Cell(i, projections[i], out _);
        return cells;
    }

    // The mean distance of some random pairs: the cells of k lines then hold a small part of the vectors each.
    private static float TypicalDistance(VectorRows rows, ulong seed)
    {
        if (rows.Similarity != VectorSimilarity.Euclidean) return 1.5f; // of length 1, mostly about √2 apart
        var (rng, sum) = (new Rng(seed, 4), 0.0);
        Span<float> distance = stackalloc float[1];
        for (var pair = 0UL; rows.Count > 0 && pair < Pairs; pair++)
        {
            var (a, b) = (rng.Below(2 * pair, rows.Count), rng.Below(2 * pair + 1, rows.Count));
            rows.ScoreRows(rows.Vector(a), rows.Vector(b), distance);
            sum += Math.Sqrt(-distance[0]);
        }
        return sum > 0 ? (float)(sum / Pairs) : 1;
    }
}

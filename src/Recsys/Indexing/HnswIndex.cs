using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Indexing;

// A proximity graph in layers. Layer 0 holds every vector, layer l about 1/M of those of layer l - 1. A search goes greedily from the top
// layer's entry point to the nearest vector of each layer, then widens: on layer 0 it keeps the ef nearest met so far and expands the
// nearest one not yet expanded, until all ef are.
//
//   level(v) = ⌊-ln(u) / ln(M)⌋,  u uniform in (0, 1]
//   links(v): of the efConstruction nearest found, in order of nearness, each that is nearer to v than to every link chosen before it
//
// Malkov, Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical navigable small world graphs", IEEE TPAMI
// 42(4), 2018 (arXiv 1603.09320, 2016). By dot product the graph is built over the products themselves: Morozov, Babenko, "Non-metric
// similarity graphs for maximum inner product search", NeurIPS 2018.

/// <summary>
/// Nearest vectors through a graph of near neighbours (HNSW): nearly as good as exact and, from some ten thousand vectors on, much faster;
/// memory is the vectors and 8 M + 4 bytes for each. Where a filter lets few items through, or the index is small, the search is exact.
/// Immutable, safe for any number of threads; a search allocates nothing after warm-up. The graph does not depend on the threads that build
/// it.
/// </summary>
public sealed partial class HnswIndex : IModelIndex, IModel<HnswIndex>
{
    private readonly HnswGraph _graph;
    private readonly VectorRows _rows;     // those of the graph, perhaps more of them deleted
    private readonly HnswOptions _options;
    private readonly Pool<Scratch> _scratch;

    private HnswIndex(HnswGraph graph, VectorRows rows, HnswOptions options)
    {
        (_graph, _rows, _options) = (graph, rows, options);
        _scratch = new Pool<Scratch>(() => new Scratch(graph));
    }

    /// <inheritdoc/>
    public static string Kind => "hnsw-index";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    /// <remarks>Deleted ones included: ids stay.</remarks>
    public int Count => _rows.Count;

    /// <summary>How many of them are deleted.</summary>
    public int DeletedCount => _rows.DeletedCount;

    /// <inheritdoc/>
    public int Dimensions => _rows.Dimensions;

    /// <summary>What is compared.</summary>
    public VectorSimilarity Similarity => _rows.Similarity;

    /// <summary>Bytes of the vectors and links together.</summary>
    public long Bytes => _graph.Bytes;

    /// <summary>Builds an index over a copy of the vectors. Time grows a little faster than their number.</summary>
    /// <param name="vectors">Row-major, one vector for each item; finite, and short enough that no score overflows (‖v‖ below
    /// 9.2e18).</param>
    /// <param name="dimensions">Floats in a vector, at least 1.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told after each batch of vectors.</param>
    /// <param name="cancel">Checked between batches and within.</param>
    /// <exception cref="ArgumentException">The floats do not fill whole vectors, or one of them is not finite or far too long.</exception>
    public static HnswIndex Build(
        ReadOnlySpan<float> vectors, int dimensions, HnswOptions? options = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancel = default)
    {
        VectorChecks.Count(vectors, dimensions);
        options ??= new();
        return Own(VectorRows.Own(vectors.ToArray(), dimensions, options.Similarity), options, progress, cancel);
    }

    /// <summary>Builds an index over these rows: for models that hand over what they own.</summary>
    internal static HnswIndex Own(
        VectorRows rows, HnswOptions options, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
        => Insert(rows, options, null, progress, cancel);

    /// <summary>
    /// A new index with more vectors, whose ids follow those of this one. Costs a copy of this one and the insertion of the new vectors;
    /// ids that are deleted stay so.
    /// </summary>
    /// <inheritdoc cref="Build"/>
    public HnswIndex With(ReadOnlySpan<float> vectors, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
        => Insert(_rows.With(vectors), _options, _graph, progress, cancel);

    /// <summary>
    /// The same index without some items: no search returns them any more. The graph is shared and still leads through them; when a good
    /// part of it is deleted, build a new one.
    /// </summary>
    /// <param name="items">Dense ids, 0..<see cref="Count"/>-1; deleted ones may be among them.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public HnswIndex Without(params ReadOnlySpan<int> items) => new(_graph, _rows.Without(items), _options);

    /// <summary>The same index with another ef (<see cref="HnswOptions.SearchBreadth"/>); shares everything.</summary>
    public HnswIndex WithSearchBreadth(int breadth) => new(_graph, _rows, _options with { SearchBreadth = breadth });

    /// <summary>The same index with another number of threads for batches and insertions; shares everything.</summary>
    public HnswIndex WithThreads(int threads) => new(_graph, _rows, _options with { Threads = threads });

    /// <summary>Whether the item was deleted.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The item is not in the index.</exception>
    public bool IsDeleted(int item) => _rows.IsDeleted(item);

    /// <summary>The vector of one item, deleted or not; of length 1 (or 0) where the similarity is the cosine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The item is not in the index.</exception>
    public ReadOnlySpan<float> Vector(int item) => _rows.Vector(item);

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _rows.Write(writer);
        ((IModelIndex)this).WriteWithoutRows(writer);
    }

    /// <inheritdoc/>
    public static HnswIndex Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return ReadWithoutRows(reader, VectorRows.Read(reader));
    }

    void IModelIndex.WriteWithoutRows(ModelWriter writer)
    {
        writer.Integer("build_breadth", _options.BuildBreadth);
        writer.Integer("search_breadth", _options.SearchBreadth);
        writer.Integer("seed", (long)_options.Seed);
        _graph.Write(writer);
    }

    /// <summary>Reads what a model wrote that has the rows itself.</summary>
    internal static HnswIndex ReadWithoutRows(ModelReader reader, VectorRows rows)
    {
        var options = new HnswOptions
        {
            Similarity = rows.Similarity,
            BuildBreadth = reader.Int32("build_breadth", 1, 65_536),
            SearchBreadth = reader.Int32("search_breadth", 1, 65_536),
            Seed = (ulong)reader.Integer("seed"),
        };
        var graph = HnswGraph.Read(reader, rows);
        return new(graph, rows, options with { Links = graph.MostLinks });
    }

    private static HnswIndex Insert(
        VectorRows rows, HnswOptions options, HnswGraph? older, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        var first = older?.Count ?? 0;
        var graph = new HnswGraph(
            rows, options.Links, [.. older?.Levels ?? [], .. HnswBuilder.Levels(first, rows.Count - first, options.Links, options.Seed)]);
        if (older is not null) graph.CopyLinks(older);
        new HnswBuilder(graph, options.BuildBreadth, options.Threads).Insert(first, options.Seed, progress, cancel);
        return new(graph, rows, options);
    }
}

namespace Recsys.Indexing;

/// <summary>Options of <see cref="HnswIndex"/>.</summary>
public sealed record HnswOptions : IndexOptions
{
    /// <summary>
    /// M: the most links of a vector on each upper layer; twice as many on the lowest. More links find more and take more memory and time.
    /// 2..512, default 16; 32 for hard data (many dimensions that are all alike).
    /// </summary>
    public int Links { get; init => field = Guard.InRange(2, 512, value); } = 16;

    /// <summary>efConstruction: candidates kept while the links of a new vector are searched. 1..65,536, default 200.</summary>
    public int BuildBreadth { get; init => field = Guard.InRange(1, 65_536, value); } = 200;

    /// <summary>
    /// ef: candidates kept while a query is searched; at least the length of the list in any case. Recall and time grow with it. 1..65,536,
    /// default 100.
    /// </summary>
    public int SearchBreadth { get; init => field = Guard.InRange(1, 65_536, value); } = 100;

    /// <summary>Seed of the layers and of the order of insertion. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    internal override string Name => "hnsw";

    internal override IModelIndex? Build(VectorRows rows, CancellationToken cancel) => HnswIndex.Own(rows, this, null, cancel);
}

namespace Recsys.Indexing;

/// <summary>Options of <see cref="SimHashIndex"/>.</summary>
public sealed record SimHashOptions : IndexOptions
{
    /// <summary>k: bits of a table's key. More make buckets smaller: faster, and fewer neighbours found. 1..30, default 12.</summary>
    public int Bits { get; init => field = Guard.InRange(1, 30, value); } = 12;

    /// <summary>L: tables, 4 bytes a vector each. More find more. 1..1024, default 8.</summary>
    public int Tables { get; init => field = Guard.InRange(1, 1024, value); } = 8;

    /// <summary>Buckets of each table that a query visits, its own and those nearest to it. 1..1024, default 16.</summary>
    public int Probes { get; init => field = Guard.InRange(1, 1024, value); } = 16;

    /// <summary>Seed of the hyperplanes. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    internal override string Name => "simhash";

    internal override IModelIndex? Build(VectorRows rows, CancellationToken cancel) => SimHashIndex.Own(rows, this, cancel);
}

/// <summary>Options of <see cref="PStableIndex"/>.</summary>
public sealed record PStableOptions : IndexOptions
{
    /// <summary>k: cells of a table's key. More make buckets smaller: faster, and fewer neighbours found. 1..30, default 8.</summary>
    public int Hashes { get; init => field = Guard.InRange(1, 30, value); } = 8;

    /// <summary>
    /// w: the width of a cell; wide cells hold more vectors. Null (the default) for the mean distance of two vectors. Positive; by
    /// cosine and dot product vectors have length 1.
    /// </summary>
    public float? Width { get; init => field = value is { } width ? Guard.Positive(width) : null; }

    /// <summary>L: tables, 4 bytes a vector each. More find more. 1..1024, default 8.</summary>
    public int Tables { get; init => field = Guard.InRange(1, 1024, value); } = 8;

    /// <summary>Buckets of each table that a query visits, its own and those nearest to it. 1..1024, default 16.</summary>
    public int Probes { get; init => field = Guard.InRange(1, 1024, value); } = 16;

    /// <summary>Seed of the projections. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    internal override string Name => "pstable";

    internal override IModelIndex? Build(VectorRows rows, CancellationToken cancel) => PStableIndex.Own(rows, this, cancel);
}

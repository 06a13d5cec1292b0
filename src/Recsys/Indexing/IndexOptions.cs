namespace Recsys.Indexing;

/// <summary>How close a stored vector is to a query; higher is closer.</summary>
public enum VectorSimilarity
{
    /// <summary>q · v.</summary>
    DotProduct,

    /// <summary>q · v / (‖q‖ ‖v‖), in -1..1 but for rounding; 0 where either is the zero vector.</summary>
    Cosine,

    /// <summary>-‖q - v‖², 0 at most.</summary>
    Euclidean,
}

/// <summary>
/// Which index finds the nearest vectors, and how; the default of every model is <see cref="ExactIndexOptions"/>. A model that has vectors
/// takes one of these records as its option <c>Index</c>; there the model sets the similarity and the threads.
/// </summary>
public abstract record IndexOptions
{
    private protected IndexOptions()
    {
    }

    /// <summary>Written into the file of a model that has such an index.</summary>
    internal abstract string Name { get; }

    /// <summary>The index of a model over these rows; null where the model scans its own vectors.</summary>
    internal abstract IModelIndex? Build(VectorRows rows, CancellationToken cancel);

    /// <summary>What is compared. Default: the dot product.</summary>
    public VectorSimilarity Similarity { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// Most threads of one call, at least 1; never changes a bit of the result. Not part of a saved index. Default: the processors.
    /// </summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}

/// <summary>
/// Options of <see cref="ExactIndex"/>: every vector is scored. Right up to some ten thousand vectors, and the measure for the others.
/// </summary>
public sealed record ExactIndexOptions : IndexOptions
{
    internal override string Name => "exact";

    internal override IModelIndex? Build(VectorRows rows, CancellationToken cancel) => null;
}

/// <summary>An index inside a model, which has the vectors itself.</summary>
internal interface IModelIndex : IVectorIndex
{
    /// <summary>Writes all but the vectors.</summary>
    void WriteWithoutRows(Persistence.ModelWriter writer);
}

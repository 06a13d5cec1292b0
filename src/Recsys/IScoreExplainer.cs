using Recsys.Features;

namespace Recsys;

/// <summary>
/// A ranker whose raw score is a sum of parts, one for each column that it sees: what moved this score, and how far. Found with
/// <c>is</c>; immutable and safe for any number of threads.
/// </summary>
public interface IScoreExplainer
{
    /// <summary>How features became columns, for their names.</summary>
    DenseLayout? Layout { get; }

    /// <summary>Writes the parts of the raw score of each example. Allocates nothing after warm-up.</summary>
    /// <param name="batch">As for <see cref="IRanker.Score"/>.</param>
    /// <param name="contributions">
    /// At least <see cref="ExampleBatch.Count"/> × (columns + 1) long. Receives for each example one number for each column and, last, the
    /// expected score; they add up to the raw score, before it becomes a probability.
    /// </param>
    void Explain(ExampleBatch batch, Span<double> contributions);
}

using Recsys.Features;

namespace Recsys;

/// <summary>
/// Scores examples: candidates of one request, or rows of a test set. Every implementation is immutable and safe for any number of threads;
/// the batch belongs to the caller and is only read.
/// </summary>
public interface IRanker
{
    /// <summary>Writes one score for each example of the batch. Allocates nothing after warm-up.</summary>
    /// <param name="batch">Assembled by a <see cref="FeatureSet"/> whose schema fits the one that the model was trained with.</param>
    /// <param name="scores">At least <see cref="ExampleBatch.Count"/> long; every score is finite, higher is better.</param>
    /// <exception cref="SchemaMismatchException">The schema of the batch differs; the message names the feature and what differs.</exception>
    void Score(ExampleBatch batch, Span<float> scores);
}

/// <summary>A model that was trained on encoded features: what it is given must be encoded alike.</summary>
public interface IFeatureModel
{
    /// <summary>The schema of the training features; null for a model trained on bare numbers.</summary>
    FittedSchema? Schema { get; }
}

/// <summary>A ranker that may keep what it makes of each item of a catalogue.</summary>
internal interface IItemKeeper
{
    /// <summary>Whether it does.</summary>
    bool KeepsItems { get; }

    /// <summary>Makes it do so; only while nobody else has it.</summary>
    void KeepItems(FeatureSet features, CancellationToken cancel = default);
}

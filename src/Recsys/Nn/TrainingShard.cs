namespace Recsys.Nn;

/// <summary>
/// The part of each batch that one shard works on, with memory of its own. A training makes as many as it has shards; one thread at a time
/// uses one.
/// </summary>
internal abstract class TrainingShard
{
    /// <summary>Takes up some examples.</summary>
    /// <param name="places">Of the examples that are trained on, 0 to their count less 1. At most as many as the shard was made for.</param>
    public abstract void Assemble(ReadOnlySpan<int> places);

    /// <summary>The loss of what was assembled: one number or one for each example, to be summed.</summary>
    public abstract Tensor Loss(Tape tape);
}

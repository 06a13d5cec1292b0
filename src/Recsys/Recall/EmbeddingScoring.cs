namespace Recsys.Recall;

/// <summary>How a model of embeddings ranks items for a user. Similar items are by cosine in either case.</summary>
public enum EmbeddingScoring
{
    /// <summary>
    /// What the training predicts beside the history: u·v_j + p log f_j, with the output vectors v, the share f_j of item j and the
    /// power p of the negatives. Since negatives are drawn by f^p, u·v_j alone is log P(j | i) - p log f_j (up to a constant); adding
    /// the term back makes it log P(j | i) again (Levy, Goldberg, NIPS 2014; the correction of sampled softmax).
    /// </summary>
    Prediction,

    /// <summary>
    /// cos(u, u_j) with the mean of directions, as papers on item embeddings do: it finds what is like the history however rare it is, and
    /// so ranks a catalogue worse than popularity.
    /// </summary>
    Cosine,
}

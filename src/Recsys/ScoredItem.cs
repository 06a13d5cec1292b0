namespace Recsys;

/// <summary>An item with the score that a recaller or a ranker gave it. Higher is better.</summary>
/// <param name="Item">Dense item id, 0-based.</param>
/// <param name="Score">Finite; comparable only with scores of the same model and the same request.</param>
public readonly record struct ScoredItem(int Item, float Score)
{
    /// <summary>The order of every list in the library: higher score first, ties by lower item id.</summary>
    public bool Before(ScoredItem other) => Score > other.Score || (Score == other.Score && Item < other.Item);
}

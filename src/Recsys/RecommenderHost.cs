namespace Recsys;

/// <summary>
/// Holds the recommender that serves now and swaps in the next one while requests run: a request keeps the recommender with which it began.
/// Safe for any number of threads; register it as a singleton.
/// </summary>
public sealed class RecommenderHost
{
    private Recommender _current;

    /// <summary>Serves this one first.</summary>
    public RecommenderHost(Recommender initial)
    {
        ArgumentNullException.ThrowIfNull(initial);
        _current = initial;
    }

    /// <summary>The recommender that serves now. Read it once per request.</summary>
    public Recommender Current => Volatile.Read(ref _current);

    /// <summary>Serves the next one from now on and returns the one that served until now.</summary>
    public Recommender Swap(Recommender next)
    {
        ArgumentNullException.ThrowIfNull(next);
        return Interlocked.Exchange(ref _current, next);
    }
}

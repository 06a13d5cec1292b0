namespace Recsys.Features;

/// <summary>Candidates of one user to be scored: what a request knows. A stack-only value: building one allocates nothing.</summary>
public readonly ref struct CandidateRequest
{
    private readonly int _contextPlusOne;

    /// <summary>A request for one user.</summary>
    /// <param name="user">Dense user id, or -1 for an unknown user.</param>
    /// <param name="items">Dense ids of the candidates; -1 for an unknown item.</param>
    public CandidateRequest(int user, ReadOnlySpan<int> items)
    {
        User = user;
        Items = items;
    }

    /// <summary>Dense user id; -1 is unknown.</summary>
    public int User { get; }

    /// <summary>Dense ids of the candidates; -1 for an unknown item.</summary>
    public ReadOnlySpan<int> Items { get; }

    /// <summary>
    /// What recall channels said of the candidates: empty (nothing), or a block of Items.Length numbers for each channel feature of the
    /// schema.
    /// </summary>
    public ReadOnlySpan<float> ChannelSignals { get; init; }

    /// <summary>The encoded contexts, from <see cref="FeatureSet.EncodeContexts"/>; null for the set's own.</summary>
    public FeatureTable? Contexts { get; init; }

    /// <summary>The row of the context; -1 (the default) for an unknown one.</summary>
    public int Context
    {
        get => _contextPlusOne - 1;
        init => _contextPlusOne = value < 0 ? 0 : value + 1;
    }

    /// <summary>
    /// Dense ids of the user's events up to now, oldest first, for sequence features; ids outside the item table are skipped.
    /// </summary>
    public ReadOnlySpan<int> History { get; init; }

    /// <summary>Unix seconds of the events: empty (not known) or as long as <see cref="History"/>.</summary>
    public ReadOnlySpan<long> HistoryTimes { get; init; }

    /// <summary>Event types of the events, as places in <see cref="EventTypes"/>: empty or as long as <see cref="History"/>.</summary>
    public ReadOnlySpan<byte> HistoryEvents { get; init; }

    /// <summary>The names of the event types (those of the log, usually).</summary>
    public IReadOnlyList<string>? EventTypes { get; init; }

    /// <summary>The time of the request in Unix seconds; null where not known.</summary>
    public long? Time { get; init; }

    /// <summary>The position to assume for every candidate; 0 (the default) for not known.</summary>
    public int Position { get; init; }
}

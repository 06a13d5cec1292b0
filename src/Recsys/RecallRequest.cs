namespace Recsys;

/// <summary>Whom to recall for, and which items are eligible. A stack-only value: building one allocates nothing.</summary>
public readonly ref struct RecallRequest
{
    private readonly int _userPlusOne;

    /// <summary>A request for one trained user.</summary>
    /// <param name="user">Dense user id, or -1 for an unknown user.</param>
    public RecallRequest(int user) => User = user;

    /// <summary>Dense user id; -1 (the default) is unknown. An id the model has not seen counts as unknown.</summary>
    public int User
    {
        get => _userPlusOne - 1;
        init => _userPlusOne = value < 0 ? 0 : value + 1;
    }

    /// <summary>
    /// Dense ids of the items that the user has interacted with, oldest first. When not empty it replaces what the model learned
    /// of this user's own interactions (fold-in); ids that the model does not know are skipped.
    /// </summary>
    public ReadOnlySpan<int> History { get; init; }

    /// <summary>The strength of each interaction in <see cref="History"/>: empty (all 1) or of the same length.</summary>
    public ReadOnlySpan<float> HistoryValues { get; init; }

    /// <summary>Which items may be returned. The default lets every item through.</summary>
    public ItemFilter Filter { get; init; }
}

/// <summary>Which items a list may hold: everything, less <see cref="Exclude"/>, within <see cref="Allow"/>, passing <see cref="Predicate"/>.</summary>
public readonly ref struct ItemFilter
{
    /// <summary>Dense ids that are left out (the seen items, usually), in any order; duplicates and unknown ids do no harm.</summary>
    public ReadOnlySpan<int> Exclude { get; init; }

    /// <summary>The only items allowed, or null for all.</summary>
    public ItemSet? Allow { get; init; }

    /// <summary>Asked once for each item that would enter the list; null lets all through. Must not change while a call runs.</summary>
    public Func<int, bool>? Predicate { get; init; }
}

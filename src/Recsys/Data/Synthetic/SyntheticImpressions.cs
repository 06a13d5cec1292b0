namespace Recsys.Data;

/// <summary>
/// What a <see cref="SyntheticWorld"/> showed, and what came of it: one row for each item at one position of one session's list, as
/// columns. Rows are ordered by user, then time; positions of a session stand together. Immutable, safe for any number of threads.
/// </summary>
public sealed class SyntheticImpressions
{
    private readonly int[] _sessionOffsets, _sessions, _users, _items, _positions;
    private readonly long[] _times;
    private readonly bool[] _examined, _clicked, _cart, _purchased;
    private readonly byte[] _ratings;

    internal SyntheticImpressions(ImpressionColumns columns, int count, int[] sessionOffsets)
    {
        Count = count;
        _sessionOffsets = sessionOffsets;
        (_sessions, _users, _items, _positions, _times) = (columns.Session, columns.User, columns.Item, columns.Position, columns.Time);
        (_examined, _clicked, _cart, _purchased) = (columns.Examined, columns.Clicked, columns.Cart, columns.Purchased);
        _ratings = columns.Rating;
    }

    /// <summary>Number of rows.</summary>
    public int Count { get; }

    /// <summary>Number of sessions; every one has at least one row.</summary>
    public int SessionCount => _sessionOffsets.Length - 1;

    /// <summary>Rows of session s are SessionOffsets[s]..SessionOffsets[s + 1]-1; length <see cref="SessionCount"/> + 1.</summary>
    public ReadOnlySpan<int> SessionOffsets => _sessionOffsets;

    /// <summary>Session of each row, 0..<see cref="SessionCount"/>-1, ascending.</summary>
    public ReadOnlySpan<int> Sessions => _sessions.AsSpan(0, Count);

    /// <summary>Dense user id of each row, ascending.</summary>
    public ReadOnlySpan<int> Users => _users.AsSpan(0, Count);

    /// <summary>Dense item id of each row; different within a session.</summary>
    public ReadOnlySpan<int> Items => _items.AsSpan(0, Count);

    /// <summary>Position in the list, from 1 (the top).</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, Count);

    /// <summary>When the row was shown, Unix seconds; ascending within a user.</summary>
    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    /// <summary>Whether the user looked at the row. A real log doesn't tell.</summary>
    public ReadOnlySpan<bool> Examined => _examined.AsSpan(0, Count);

    /// <summary>Whether the row was clicked; only examined rows are.</summary>
    public ReadOnlySpan<bool> Clicked => _clicked.AsSpan(0, Count);

    /// <summary>Whether the item was put into the cart after the click.</summary>
    public ReadOnlySpan<bool> Cart => _cart.AsSpan(0, Count);

    /// <summary>Whether the item was bought after the cart.</summary>
    public ReadOnlySpan<bool> Purchased => _purchased.AsSpan(0, Count);

    /// <summary>The rating given after the click, 1..5, or 0 for none.</summary>
    public ReadOnlySpan<byte> Ratings => _ratings.AsSpan(0, Count);
}

/// <summary>The columns while they are filled.</summary>
internal sealed class ImpressionColumns(int capacity)
{
    public readonly int[] Session = new int[capacity], User = new int[capacity], Item = new int[capacity], Position = new int[capacity];
    public readonly long[] Time = new long[capacity];
    public readonly bool[] Examined = new bool[capacity], Clicked = new bool[capacity];
    public readonly bool[] Cart = new bool[capacity], Purchased = new bool[capacity];
    public readonly byte[] Rating = new byte[capacity];

    /// <summary>Moves rows towards the front.</summary>
    public void Move(int from, int to, int count)
    {
        if (from == to || count == 0) return;
        Move(Session, from, to, count);
        Move(User, from, to, count);
        Move(Item, from, to, count);
        Move(Position, from, to, count);
        Move(Time, from, to, count);
        Move(Examined, from, to, count);
        Move(Clicked, from, to, count);
        Move(Cart, from, to, count);
        Move(Purchased, from, to, count);
        Move(Rating, from, to, count);
    }

    private static void Move<T>(T[] column, int from, int to, int count) => Array.Copy(column, from, column, to, count);
}

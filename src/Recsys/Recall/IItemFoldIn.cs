using Recsys.Data;
using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>Takes in items that came after the training, from the users who met them, without a new training.</summary>
/// <typeparam name="TSelf">The model itself.</typeparam>
public interface IItemFoldIn<TSelf> where TSelf : IItemFoldIn<TSelf>
{
    /// <summary>
    /// A model that knows the items of <paramref name="grown"/> from this model's ItemCount on as well. They are found from the fixed
    /// vectors of the users that this model was trained on; nothing else changes, and users beyond them stay unknown (a history with the
    /// new items serves them). An item that no trained user has met gets what an item without interactions has. Good for the hours until
    /// the next training, which it doesn't replace: <c>WarmStart</c>, or a training of the whole log, moves users too.
    /// </summary>
    /// <param name="grown">The log with the new items, whose id maps extend those of the training; of known items only pairs with trained
    /// users matter, and only where the model learns from comparisons.</param>
    /// <param name="index">How the new model finds lists, which builds that index anew; null is exact, whatever this model does.</param>
    /// <param name="cancel">Stops between items.</param>
    /// <exception cref="ArgumentException">The log knows fewer users or items than this model.</exception>
    TSelf WithItems(Interactions grown, IndexOptions? index = null, CancellationToken cancel = default);
}

/// <summary>Who met the items that a model doesn't know.</summary>
internal sealed class NewItems
{
    private readonly FactorWeights _weights;
    private readonly SparseMatrix _items;
    private readonly int[] _users;
    private readonly float[] _values;

    /// <param name="grown">The log with the new items.</param>
    /// <param name="weights">What is known.</param>
    /// <param name="repeats">What repeated pairs make.</param>
    /// <param name="biases">Whether items have biases.</param>
    public NewItems(Interactions grown, FactorWeights weights, RepeatedItems repeats, bool biases)
    {
        ArgumentNullException.ThrowIfNull(grown);
        if (grown.UserCount < weights.UserCount || grown.ItemCount < weights.ItemCount)
        {
            throw new ArgumentException(
                $"The log has {grown.UserCount} users and {grown.ItemCount} items, the model {weights.UserCount} and " +
                $"{weights.ItemCount}; extend the id maps of the training instead of making new ones.", nameof(grown));
        }
        _weights = weights;
        Users = InteractionRows.OfUsers(grown, repeats);
        _items = Users.Transpose();
        var longest = 0;
        for (var item = weights.ItemCount; item < _items.RowCount; item++) longest = Math.Max(longest, _items.Row(item).Length);
        (_users, _values) = (new int[longest], new float[longest]);
        Q = new float[checked(grown.ItemCount * weights.Factors)];
        weights.Q.CopyTo(Q, 0);
        ItemBias = new float[biases ? grown.ItemCount : 0];
        weights.ItemBias.CopyTo(ItemBias, 0);
    }

    /// <summary>Users × items of the whole log.</summary>
    public SparseMatrix Users { get; }

    /// <summary>The first new item.</summary>
    public int First => _weights.ItemCount;

    /// <summary>Number of items with the new ones.</summary>
    public int Count => _items.RowCount;

    /// <summary>All item vectors, those of new items zero at first.</summary>
    public float[] Q { get; }

    /// <summary>All item biases, those of new items 0 at first; empty in a model without.</summary>
    public float[] ItemBias { get; }

    /// <summary>The vector of an item.</summary>
    public Span<float> Vector(int item) => Q.AsSpan(item * _weights.Factors, _weights.Factors);

    /// <summary>Trained users of a new item, and the values; good until the next call.</summary>
    public SparseRow UsersOf(int item)
    {
        var row = _items.Row(item);
        var count = 0;
        for (var k = 0; k < row.Length; k++)
            if (IsTrained(row.Columns[k])) (_users[count], _values[count++]) = (row.Columns[k], row.Values[k]);
        return new SparseRow(_users.AsSpan(0, count), _values.AsSpan(0, count));
    }

    /// <summary>Whether the user has a vector.</summary>
    public bool IsTrained(int user)
        => user < _weights.UserCount && _weights.P.AsSpan(user * _weights.Factors, _weights.Factors).ContainsAnyExcept(0f);

    /// <summary>The known points and the new ones.</summary>
    public FactorWeights Weights => _weights with { Q = Q, ItemBias = ItemBias };
}

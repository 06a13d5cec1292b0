using System.Collections.ObjectModel;
using Recsys.Data;

namespace Recsys.Features;

/// <summary>
/// Fitted encoders with the encoded features of all users and items: makes examples, and fills batches from them and from requests by one
/// and the same code. Immutable and safe for any number of threads; batches belong to their callers.
/// </summary>
public sealed partial class FeatureSet
{
    private readonly FeatureState[] _states;

    internal FeatureSet(
        FittedSchema schema, FeatureState[] states, FeatureTable users, FeatureTable items, FeatureTable contexts,
        IReadOnlyList<string> warnings)
    {
        Schema = schema;
        _states = states;
        Users = users;
        Items = items;
        Contexts = contexts;
        Warnings = new ReadOnlyCollection<string>([.. warnings]);
    }

    /// <summary>The fitted schema: cardinalities, tables, fingerprint.</summary>
    public FittedSchema Schema { get; }

    /// <summary>The encoded users; row = dense user id.</summary>
    public FeatureTable Users { get; }

    /// <summary>The encoded items; row = dense item id.</summary>
    public FeatureTable Items { get; }

    /// <summary>
    /// The contexts that it was fitted with; without rows in a set that was loaded: contexts are training data and not saved.
    /// </summary>
    public FeatureTable Contexts { get; }

    /// <summary>What fitting noticed: rows without a known id, ids without a row.</summary>
    public ReadOnlyCollection<string> Warnings { get; }

    /// <summary>A batch for this set.</summary>
    /// <param name="capacity">Most examples that it holds, at least 1.</param>
    public ExampleBatch CreateBatch(int capacity) => new(Schema, Guard.AtLeast(1, capacity, nameof(capacity)));

    /// <summary>Encodes contexts of requests, or of other examples, by what was fitted.</summary>
    public FeatureTable EncodeContexts(Columns contexts)
    {
        ArgumentNullException.ThrowIfNull(contexts);
        return Encode(Side.Context, contexts, null, null, []);
    }

    /// <summary>The same set with other (more) users, encoded by what was fitted: ids that fitting did not see have id code 0.</summary>
    /// <param name="users">Raw columns of all users, the old ones included.</param>
    /// <param name="userIds">External ids; an extension of the old map keeps every dense id. Null: row r is user r.</param>
    /// <param name="itemIds">Needed only where a user feature shares the table of the item id.</param>
    public FeatureSet WithUsers(Columns? users, IdMap? userIds = null, IdMap? itemIds = null)
    {
        var warnings = new List<string>();
        return new(Schema, _states, Encode(Side.User, users, userIds, itemIds, warnings), Items, Contexts, warnings);
    }

    /// <summary>The same set with other (more) items, encoded by what was fitted: ids that fitting did not see have id code 0.</summary>
    /// <param name="items">Raw columns of all items, the old ones included.</param>
    /// <param name="itemIds">External ids; an extension of the old map keeps every dense id. Null: row r is item r.</param>
    /// <param name="userIds">Needed only where an item feature shares the table of the user id.</param>
    public FeatureSet WithItems(Columns? items, IdMap? itemIds = null, IdMap? userIds = null)
    {
        var warnings = new List<string>();
        return new(Schema, _states, Users, Encode(Side.Item, items, itemIds, userIds, warnings), Contexts, warnings);
    }

    /// <summary>
    /// What a code stands for: a value of the vocabulary, an interval; null where there is no name (missing, hashed, an id).
    /// </summary>
    /// <param name="feature">The feature's name.</param>
    /// <param name="code">0..Cardinality-1.</param>
    public string? NameOf(string feature, int code)
    {
        var found = Schema[feature];
        if ((uint)code >= (uint)found.Cardinality)
            throw new ArgumentOutOfRangeException(nameof(code), code, $"Feature '{feature}' has the codes 0 to {found.Cardinality - 1}.");
        if (code == 0) return null;
        var state = _states[found.Index];
        if (state.Vocabulary is { } vocabulary) return vocabulary.Name(code);
        if (found.Kind == FeatureKind.Buckets) return Interval(state.Edges!, found.Definition.Rule, code);
        if (found.Kind != FeatureKind.Cross || found.Definition.Bins > 0) return null;
        var parts = new string[found.Parts.Count];
        var rest = code - 1;
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            var size = Math.Max(1, found.Parts[i].Cardinality - 1);
            var part = rest % size + 1;
            parts[i] = part < found.Parts[i].Cardinality ? NameOf(found.Parts[i].Name, part) ?? $"#{part}" : "";
            rest /= size;
        }
        return string.Join(" × ", parts);
    }

    private static string Interval(double[] edges, BinRule rule, int bin)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        if (rule == BinRule.FirstClosed)
            return edges.Length < 2 ? "any" : string.Create(culture, $"[{edges[bin - 1]}, {edges[bin]}]");
        var low = bin == 1 ? "(-∞" : string.Create(culture, $"[{edges[bin - 2]}");
        return bin > edges.Length ? $"{low}, ∞)" : string.Create(culture, $"{low}, {edges[bin - 1]})");
    }

    private FeatureTable Encode(Side side, Columns? columns, IdMap? ids, IdMap? otherIds, List<string> warnings)
    {
        Schema.Declared.RequireColumns(side, columns);
        var rows = EntityRows.Resolve(Schema.Declared, side, columns, ids, warnings);
        IdMap?[] maps = side == Side.Item ? [otherIds, ids, null] : [ids, otherIds, null];
        return TableEncoder.Encode(Schema, _states, side, columns, rows, maps);
    }
}

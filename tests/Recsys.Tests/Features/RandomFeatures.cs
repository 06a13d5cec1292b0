using System.Globalization;
using Recsys.Data;
using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Tests.Features;

/// <summary>
/// A random schema over random raw data, with the slow and obvious encoding of it: every value is worked out anew from the raw cells.
/// </summary>
internal sealed class RandomFeatures
{
    private static readonly string[] Events = ["view", "cart", "buy"];
    private readonly Rng _rng;
    private readonly Dictionary<(Side, string), string?[]> _raw = [];
    private ulong _next;

    public RandomFeatures(ulong seed)
    {
        _rng = new Rng(seed);
        Log = MakeLog();
        Rows = new() { [Side.User] = Log.UserCount, [Side.Item] = Log.ItemCount, [Side.Context] = 1 + Next(9) };
        var features = new List<Feature>();
        foreach (var side in (Side[])[Side.User, Side.Item, Side.Context])
            for (var i = Next(5); i >= 0; i--) features.Add(Column(side, $"{side}{i}"));
        features.Add(Feature.Category("Item-c", Side.Item));
        Fill(Side.Item, "Item-c", () => Word(4));
        if (Next(2) == 0) features.Add(Feature.Id("user", Side.User));
        features.Add(Feature.Id("item", Side.Item));
        var coded = features.Where(f => f.Shape is FeatureShape.Code or FeatureShape.Codes).Select(f => f.Name).ToArray();
        for (var i = Next(3); i > 0; i--)
        {
            var inputs = Enumerable.Range(0, 2 + Next(2)).Select(_ => coded[Next(coded.Length)]).Distinct().ToArray();
            if (inputs.Length > 1) features.Add(Feature.Cross($"cross{i}", inputs, Next(2) == 0 ? 0 : 1 + Next(50)));
        }
        features.Add(Feature.Sequence("history", ["item", "Item-c"], 1 + Next(6),
            Next(2) == 0 ? null : Next(2) == 0 ? ["buy"] : ["cart", "view"]));
        if (Next(2) == 0) features.Add(Feature.Channel("cf"));
        if (Next(2) == 0) features.Add(Feature.Label("y", binary: false));
        if (Next(2) == 0) features.Add(Feature.Position(max: 3));
        Schema = new FeatureSchema(features);
        Set = Schema.Fit(Table(Side.User), Table(Side.Item), Table(Side.Context));
    }

    public FeatureSchema Schema { get; }

    public FeatureSet Set { get; }

    public Interactions Log { get; }

    public Dictionary<Side, int> Rows { get; }

    public int Next(int bound) => _rng.Below(_next++, bound);

    /// <summary>The codes of a coded feature for one example, one for a feature with one code.</summary>
    public List<int> SlowCodes(Feature feature, int user, int item, int context)
    {
        if (feature.Kind == FeatureKind.Cross)
        {
            List<(ulong Hash, int Code)> found = [(StableHash.Combine(0, 0), 0)];
            foreach (var name in feature.Inputs)
            {
                var size = Math.Max(1, Set.Schema[name].Cardinality - 1);
                var part = SlowCodes(Schema.Features[Schema.IndexOf(name)], user, item, context);
                found = [.. from f in found from p in part where p != 0 select (StableHash.Combine(f.Hash, (ulong)p),
                    f.Code * size + p - 1)];
            }
            var codes = found.Select(f => feature.Bins > 0 ? 1 + StableHash.Bucket(f.Hash, feature.Bins) : f.Code + 1).ToList();
            return Set.Schema[feature.Name].Shape == FeatureShape.Code && codes.Count == 0 ? [0] : codes;
        }
        var row = feature.Side == Side.User ? user : feature.Side == Side.Item ? item : context;
        var known = row >= 0 && row < Rows[feature.Side];
        if (feature.Kind == FeatureKind.Id) return [known ? row + 1 : 0];
        var column = _raw[(feature.Side, feature.Column)];
        var cell = known ? column[row] : null;
        if (feature.Kind == FeatureKind.Buckets) return [Bin(feature, column, cell)];
        if (feature.Kind == FeatureKind.Hash && !feature.Multi) return [cell is null ? 0 : Hash(feature, cell)];
        if (!feature.Multi) return [cell is null ? 0 : Vocabulary(feature, column, cell)];
        return [.. Split(cell).Select(v => feature.Kind == FeatureKind.Hash ? Hash(feature, v) : Vocabulary(feature, column,
            v)).Distinct()];
    }

    public float SlowNumber(Feature feature, int user, int item, int context)
    {
        var row = feature.Side == Side.User ? user : feature.Side == Side.Item ? item : context;
        var column = _raw[(feature.Side, feature.Column)];
        var value = row >= 0 && row < Rows[feature.Side] && column[row] is { } cell ? Parse(cell) : feature.Missing;
        if (value is not { } v) return 0;
        var present = column.Where(c => c is not null).Select(c => Parse(c!)).ToArray();
        var mean = present.Length == 0 ? 0 : present.Average();
        var deviation = present.Length == 0 ? 1 : Math.Sqrt(present.Sum(p => (p - mean) * (p - mean)) / present.Length);
        return feature.Scale switch
        {
            NumberScale.Log => (float)double.LogP1(v),
            NumberScale.LogSquared => v > 2 ? (float)(Math.Log(v) * Math.Log(v)) : (float)v,
            NumberScale.Standardised => (float)((v - mean) / (deviation == 0 ? 1 : deviation)),
            _ => (float)v,
        };
    }

    /// <summary>(item, action, age) of the events of a user strictly before a time, as the sequence feature keeps them.</summary>
    public List<(int Item, int Action, float Age)> SlowHistory(Feature feature, int user, long time)
    {
        if (user < 0 || user >= Log.UserCount) return [];
        var events = Log.Rows().Where(r => r.User == user && r.Time < time).Select(r => (r.Item,
            Action: feature.Events.Count == 0 ? 0 : feature.Events.ToList().IndexOf(Log.EventTypes[r.Event]) + 1,
                Age: (float)(time - r.Time)));
        return [.. events.Where(e => feature.Events.Count == 0 || e.Action > 0).TakeLast(feature.MaxLength)];
    }

    private Interactions MakeLog()
    {
        var builder = new InteractionsBuilder();
        var users = 1 + Next(6);
        var items = 1 + Next(9);
        for (var u = 0; u < users; u++) builder.Add($"u{u}", $"i{u % items}", 1, Next(20), Events[Next(3)]);
        for (var n = Next(60); n > 0; n--) builder.Add($"u{Next(users)}", $"i{Next(items)}", 1, Next(20), Events[Next(3)]);
        return builder.Build();
    }

    private Feature Column(Side side, string name)
    {
        switch (Next(6))
        {
            case 0:
                Fill(side, name, () => Word(5));
                return Feature.Category(name, side, 1 + Next(3), Next(2) == 0);
            case 1:
                Fill(side, name, () => string.Join('|', Enumerable.Range(0, Next(5)).Select(_ => Word(6) ?? "")));
                return Feature.MultiCategory(name, side, '|', 1 + Next(3), Next(2) == 0);
            case 2:
                Fill(side, name, Number);
                return Feature.Number(name, side, (NumberScale)Next(4), Next(2) == 0 ? null : Next(4), Next(2) == 0);
            case 3:
                Fill(side, name, Number);
                return Next(2) == 0
                    ? Feature.Buckets(name, side, [1.0, 2.5, 7], Next(2) == 0 ? BinRule.HalfOpen : BinRule.FirstClosed)
                    : Feature.Buckets(name, side, [1.0, 1, 4, 4, 8], BinRule.FirstClosed);
            case 4:
                Fill(side, name, () => Word(9));
                return Feature.Hash(name, side, 1 + Next(20));
            default:
                Fill(side, name, () => string.Join('|', Enumerable.Range(0, Next(5)).Select(_ => Word(6) ?? "")));
                return Feature.Hash(name, side, 1 + Next(20), separator: '|');
        }
    }

    private void Fill(Side side, string name, Func<string?> cell)
        => _raw[(side, name)] = [.. Enumerable.Range(0, Rows[side]).Select(_ => cell() is { Length: > 0 } text ? text : null)];

    private string? Word(int bound) => Next(5) == 0 ? null : $"w{Next(bound)}";

    private string? Number() => Next(5) == 0 ? null : (Next(20) / 2.0).ToString(CultureInfo.InvariantCulture);

    private Columns? Table(Side side)
    {
        var builder = Columns.From(Enumerable.Range(0, Rows[side]));
        foreach (var ((owner, name), cells) in _raw)
            if (owner == side) builder.Text(name, row => cells[row]);
        return builder;
    }

    private static double Parse(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Split(string? cell) => cell is null ? [] : cell.Split('|').Where(v => v.Length > 0);

    private static int Hash(Feature feature, string value) => 1 + StableHash.Bucket(StableHash.Of(value), feature.Bins);

    private static int Vocabulary(Feature feature, string?[] column, string value)
    {
        var words = column.SelectMany(cell => feature.Multi ? Split(cell).Distinct() : cell is null ? [] : [cell]);
        var kept = words.GroupBy(w => w).Where(g => g.Count() >= feature.MinCount).OrderByDescending(g => g.Count())
            .ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Key).ToList();
        var first = feature.RareCode ? 2 : 1;
        return kept.IndexOf(value) is >= 0 and var rank ? rank + first : first - 1;
    }

    private static int Bin(Feature feature, string?[] column, string? cell)
    {
        _ = column;
        if (cell is null) return 0;
        var value = Parse(cell);
        var edges = feature.GivenEdges;
        if (feature.Rule == BinRule.HalfOpen) return 1 + edges.Count(e => e <= value);
        if (value < edges[0]) return 1;
        for (var bin = 1; bin < edges.Count; bin++)
            if (edges[bin - 1] <= value && value <= edges[bin]) return bin;
        return edges.Count - 1;
    }
}

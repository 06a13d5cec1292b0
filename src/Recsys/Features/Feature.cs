namespace Recsys.Features;

/// <summary>
/// The declaration of one feature: data without any fitted state. Made by the factory methods, compared by value. Properties that do not
/// apply to a kind keep their defaults.
/// </summary>
public sealed partial class Feature : IEquatable<Feature>
{
    private string? _canonical;

    private Feature(FeatureKind kind, string name, Side side, string? column = null, string? table = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (column is not null) ArgumentException.ThrowIfNullOrWhiteSpace(column);
        if (table is not null) ArgumentException.ThrowIfNullOrWhiteSpace(table);
        Kind = kind;
        Name = name;
        Side = Guard.Defined(side, nameof(side));
        Column = column ?? name;
        Table = table ?? name;
    }

    /// <summary>What it is.</summary>
    public FeatureKind Kind { get; }

    /// <summary>Its name, unique in the schema.</summary>
    public string Name { get; }

    /// <summary>Whom it describes.</summary>
    public Side Side { get; }

    /// <summary>The column of the raw data that holds it. Default: its name.</summary>
    public string Column { get; }

    /// <summary>
    /// The vocabulary, and so the embedding table, that its codes index. Features that share ids name the same table. Default: its name.
    /// </summary>
    public string Table { get; }

    /// <summary>
    /// A value (an id) that occurs on fewer entities (in fewer interactions) of the training data is rare. Default 1: none is.
    /// </summary>
    public int MinCount { get; private init; } = 1;

    /// <summary>
    /// Whether a present value outside the vocabulary gets code 1 of its own, leaving code 0 for missing values. Default false: both get 0.
    /// </summary>
    public bool RareCode { get; private init; }

    /// <summary>What separates the values of one text cell; null for list columns.</summary>
    public char? Separator { get; private init; }

    /// <summary>Whether one cell may hold several values (multi-category, and hash when asked).</summary>
    public bool Multi { get; private init; }

    /// <summary>How a number is scaled.</summary>
    public NumberScale Scale { get; private init; }

    /// <summary>What stands for a missing number, before scaling; null gives 0 after scaling (the mean, for a standardised one).</summary>
    public double? Missing { get; private init; }

    /// <summary>Whether batches also hold 1 where the number was missing, 0 elsewhere.</summary>
    public bool Indicator { get; private init; }

    /// <summary>Where the edges of bins come from.</summary>
    public BinEdges Edges { get; private init; }

    /// <summary>What the edges mean.</summary>
    public BinRule Rule { get; private init; }

    /// <summary>The declared edges, ascending; empty when they are fitted.</summary>
    public IReadOnlyList<double> GivenEdges { get; private init; } = [];

    /// <summary>How many bins to fit, or how many codes to hash into (hash and hashed cross); 0 where neither applies.</summary>
    public int Bins { get; private init; }

    /// <summary>Names of the features that a cross combines.</summary>
    public IReadOnlyList<string> Inputs { get; private init; } = [];

    /// <summary>Names of the item features that a sequence holds for each event; the first is usually the item id.</summary>
    public IReadOnlyList<string> Of { get; private init; } = [];

    /// <summary>
    /// The event types that a sequence keeps, whose 1-based position is the action code; empty keeps all and gives no codes.
    /// </summary>
    public IReadOnlyList<string> Events { get; private init; } = [];

    /// <summary>Most events that a sequence keeps, the newest; or the highest position told apart.</summary>
    public int MaxLength { get; private init; }

    /// <summary>Whether a label is 0 or 1.</summary>
    public bool Binary { get; private init; }

    /// <summary>What is told of a recall channel.</summary>
    public ChannelSignal Signal { get; private init; }

    /// <summary>In what form a batch holds it.</summary>
    public FeatureShape Shape { get; private init; }

    /// <summary>The dense id of the user or item itself.</summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="side"><see cref="Side.User"/> or <see cref="Side.Item"/>.</param>
    /// <param name="minCount">
    /// Ids with fewer training interactions get code 0, at least 1; needs the interactions when fitting if above 1.
    /// </param>
    /// <param name="column">The raw column with the external id.</param>
    /// <param name="table">The table shared with other features.</param>
    public static Feature Id(string name, Side side, int minCount = 1, string? column = null, string? table = null)
    {
        if (side is not (Side.User or Side.Item)) throw Error(name, "an id feature belongs to Side.User or Side.Item", nameof(side));
        return new(FeatureKind.Id, name, side, column, table) { MinCount = Guard.AtLeast(1, minCount, nameof(minCount)) };
    }

    /// <summary>One value out of a vocabulary fitted on training data: text, or a number taken as its text.</summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="side">Where it is looked up.</param>
    /// <param name="minCount">A value on fewer training entities is rare. At least 1.</param>
    /// <param name="rareCode">Gives rare and never-seen values code 1 instead of 0.</param>
    /// <param name="column">The raw column.</param>
    /// <param name="table">The vocabulary shared with other features.</param>
    public static Feature Category(string name, Side side, int minCount = 1, bool rareCode = false, string? column = null,
        string? table = null)
        => new(FeatureKind.Category, name, Row(side, name), column, table)
        {
            MinCount = Guard.AtLeast(1, minCount, nameof(minCount)),
            RareCode = rareCode,
        };

    /// <summary>
    /// Any number of values out of a vocabulary. Values are kept once per cell, in their order; an empty cell is an empty list.
    /// </summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="side">Where it is looked up.</param>
    /// <param name="separator">Splits a text cell; null where the column holds lists. Values are trimmed; empty ones dropped.</param>
    /// <param name="minCount">A value on fewer training entities is rare. At least 1.</param>
    /// <param name="rareCode">Gives rare and never-seen values code 1 instead of 0.</param>
    /// <param name="column">The raw column.</param>
    /// <param name="table">The vocabulary shared with other features.</param>
    public static Feature MultiCategory(
        string name, Side side, char? separator = null, int minCount = 1, bool rareCode = false, string? column = null,
        string? table = null)
        => new(FeatureKind.MultiCategory, name, Row(side, name), column, table)
        {
            Shape = FeatureShape.Codes,
            Multi = true,
            Separator = separator,
            MinCount = Guard.AtLeast(1, minCount, nameof(minCount)),
            RareCode = rareCode,
        };

    /// <summary>A real number.</summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="side">Where it is looked up.</param>
    /// <param name="scale">How it is scaled.</param>
    /// <param name="missing">What stands for a missing value, before scaling; null gives 0 after scaling.</param>
    /// <param name="indicator">Adds 1 where the value was missing.</param>
    /// <param name="column">The raw column.</param>
    public static Feature Number(
        string name, Side side, NumberScale scale = NumberScale.Raw, double? missing = null, bool indicator = false, string? column = null)
    {
        if (missing is { } value && (!double.IsFinite(value) || (scale == NumberScale.Log && value < 0)))
            throw Error(name, $"missing is {value}; it must be finite, and 0 or greater for NumberScale.Log", nameof(missing));
        return new(FeatureKind.Number, name, Row(side, name), column)
        {
            Shape = FeatureShape.Number,
            Scale = Guard.Defined(scale, nameof(scale)),
            Missing = missing,
            Indicator = indicator,
        };
    }

    /// <summary>
    /// A real number cut into bins by quantiles, or equal steps, of the training values. Code 0 = missing, then 1, 2, … by bin.
    /// </summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="side">Where it is looked up.</param>
    /// <param name="quantiles">Number of bins, at least 2.</param>
    /// <param name="rule">
    /// What the edges mean. With <see cref="BinRule.HalfOpen"/> equal quantiles fall together, so there may be fewer bins.
    /// </param>
    /// <param name="equalWidth">Equal steps instead of quantiles.</param>
    /// <param name="column">The raw column.</param>
    public static Feature Buckets(
        string name, Side side, int quantiles, BinRule rule = BinRule.HalfOpen, bool equalWidth = false, string? column = null)
        => new(FeatureKind.Buckets, name, Row(side, name), column)
        {
            Edges = equalWidth ? BinEdges.EqualWidth : BinEdges.Quantiles,
            Bins = Guard.AtLeast(2, quantiles, nameof(quantiles)),
            Rule = Guard.Defined(rule, nameof(rule)),
        };

    /// <summary>A real number cut into bins at given edges. Code 0 = missing, then 1, 2, … by bin.</summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="side">Where it is looked up.</param>
    /// <param name="edges">Finite and ascending: at least 1, strictly ascending (half-open); at least 2, repeats allowed (closed).</param>
    /// <param name="rule">What the edges mean.</param>
    /// <param name="column">The raw column.</param>
    public static Feature Buckets(string name, Side side, double[] edges, BinRule rule = BinRule.HalfOpen, string? column = null)
    {
        ArgumentNullException.ThrowIfNull(edges);
        var least = rule == BinRule.HalfOpen ? 1 : 2;
        if (edges.Length < least) throw Error(name, $"{edges.Length} edges were given; {rule} needs at least {least}", nameof(edges));
        for (var i = 0; i < edges.Length; i++)
        {
            var ascends = i == 0 || edges[i] > edges[i - 1] || (rule == BinRule.FirstClosed && edges[i] == edges[i - 1]);
            if (!double.IsFinite(edges[i]) || !ascends)
                throw Error(name, $"edge {i} is {edges[i]}; edges must be finite and ascending", nameof(edges));
        }
        return new(FeatureKind.Buckets, name, Row(side, name), column)
        {
            Rule = Guard.Defined(rule, nameof(rule)),
            GivenEdges = Array.AsReadOnly((double[])edges.Clone()),
        };
    }

    /// <summary>
    /// Values hashed into a fixed number of codes, without a vocabulary: code = 1 + hash(text) mapped to 0..buckets-1 (<see
    /// cref="StableHash"/>), 0 = missing.
    /// </summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="side">Where it is looked up.</param>
    /// <param name="buckets">Number of codes beside 0, at least 1.</param>
    /// <param name="multi">Whether cells hold several values; true whenever a separator is given.</param>
    /// <param name="separator">Splits a text cell; null where the column holds lists.</param>
    /// <param name="column">The raw column.</param>
    /// <param name="table">Features of one table must have the same number of buckets.</param>
    public static Feature Hash(
        string name, Side side, int buckets, bool multi = false, char? separator = null, string? column = null, string? table = null)
        => new(FeatureKind.Hash, name, Row(side, name), column, table)
        {
            Shape = multi || separator is not null ? FeatureShape.Codes : FeatureShape.Code,
            Multi = multi || separator is not null,
            Separator = separator,
            Bins = Guard.InRange(1, int.MaxValue - 1, buckets, nameof(buckets)),
        };

    /// <summary>
    /// The combination of coded features, of any side. With a multi-valued input it has a code for each combination. Code 0 where any part
    /// is 0.
    /// </summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="first">Name of a feature declared before.</param>
    /// <param name="second">Name of another.</param>
    /// <param name="buckets">
    /// Number of codes to hash into; 0 (the default) gives each combination its own code, for at most 2²⁴ combinations.
    /// </param>
    public static Feature Cross(string name, string first, string second, int buckets = 0) => Cross(name, [first, second], buckets);

    /// <summary>The combination of two or more coded features, of any side.</summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="inputs">Names of features declared before: 2 to 8.</param>
    /// <param name="buckets">
    /// Number of codes to hash into; 0 (the default) gives each combination its own code, for at most 2²⁴ combinations.
    /// </param>
    public static Feature Cross(string name, string[] inputs, int buckets = 0)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Length is < 2 or > 8) throw Error(name, $"a cross has 2 to 8 inputs, not {inputs.Length}", nameof(inputs));
        return new(FeatureKind.Cross, name, Side.Example)
        {
            Inputs = Array.AsReadOnly((string[])inputs.Clone()),
            Bins = Guard.InRange(0, int.MaxValue - 1, buckets, nameof(buckets)),
        };
    }

    /// <summary>
    /// The user's events strictly before the example, oldest first, the newest <paramref name="maxLength"/> kept. In training they come
    /// from an event log (see <see cref="Examples"/>), in serving from the request. Its codes are those of the item features it names, so
    /// it shares their tables.
    /// </summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="of">Item features with one code, declared before: an id, and for example its category and brand.</param>
    /// <param name="maxLength">At least 1.</param>
    /// <param name="events">Event types to keep, whose 1-based positions are the action codes; empty keeps all.</param>
    public static Feature Sequence(string name, string[] of, int maxLength = 50, string[]? events = null)
    {
        ArgumentNullException.ThrowIfNull(of);
        if (of.Length == 0) throw Error(name, "a sequence names at least one item feature", nameof(of));
        return new(FeatureKind.Sequence, name, Side.Example, table: of[0])
        {
            Shape = FeatureShape.Sequence,
            Of = Array.AsReadOnly((string[])of.Clone()),
            Events = Array.AsReadOnly((string[])(events ?? []).Clone()),
            MaxLength = Guard.AtLeast(1, maxLength, nameof(maxLength)),
        };
    }

    /// <summary>The user's events before the example, holding one item feature.</summary>
    /// <inheritdoc cref="Sequence(string, string[], int, string[])"/>
    public static Feature Sequence(string name, string of, int maxLength = 50, string[]? events = null)
        => Sequence(name, [of], maxLength, events);

    /// <summary>
    /// A number that a recall channel gives each candidate: lets a ranker weigh what the channels found. In
    /// training it is given with the examples, in serving from the request's own recall.
    /// </summary>
    /// <param name="channel">The name of the channel.</param>
    /// <param name="signal">What is told of it.</param>
    /// <param name="name">Unique in the schema; default "channel signal", as in "item-cf Score".</param>
    public static Feature Channel(string channel, ChannelSignal signal = ChannelSignal.Score, string? name = null)
        => new(FeatureKind.Channel, name ?? $"{channel} {signal}", Side.Example, channel)
        {
            Shape = FeatureShape.Number,
            Signal = Guard.Defined(signal, nameof(signal)),
        };

    /// <summary>A target to learn.</summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="binary">Whether every value must be 0 or 1 (default); otherwise any finite number.</param>
    /// <param name="column">The raw column.</param>
    public static Feature Label(string name, bool binary = true, string? column = null)
        => new(FeatureKind.Label, name, Side.Example, column) { Shape = FeatureShape.Target, Binary = binary };

    /// <summary>Where the item was shown, from 1; 0 = not known.</summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="max">Positions beyond it count as it. At least 1.</param>
    /// <param name="column">The raw column.</param>
    public static Feature Position(string name = "position", int max = 100, string? column = null)
        => new(FeatureKind.Position, name, Side.Example, column)
        {
            Shape = FeatureShape.Target,
            MaxLength = Guard.InRange(1, 1 << 24, max, nameof(max)),
        };

    /// <summary>How much an example counts in training: finite, 0 or greater.</summary>
    /// <param name="name">Unique in the schema.</param>
    /// <param name="column">The raw column.</param>
    public static Feature Weight(string name = "weight", string? column = null)
        => new(FeatureKind.Weight, name, Side.Example, column) { Shape = FeatureShape.Target };

    /// <summary>A copy with another shape: how a schema turns a cross with a multi-valued input ragged.</summary>
    internal Feature Ragged() => new(Kind, Name, Side) { Inputs = Inputs, Bins = Bins, Shape = FeatureShape.Codes };

    /// <inheritdoc/>
    public bool Equals(Feature? other) => other is not null && Canonical == other.Canonical;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Feature);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)StableHash.Of(Canonical);

    /// <summary>The declaration as one line of JSON.</summary>
    public override string ToString() => Canonical;

    private string Canonical => _canonical ??= ToJson();

    private static Side Row(Side side, string name)
        => side is Side.User or Side.Item or Side.Context
            ? side
            : throw Error(name, "its side must be User, Item or Context", nameof(side));

    private static ArgumentException Error(string name, string what, string argument) => new($"Feature '{name}': {what}.", argument);
}

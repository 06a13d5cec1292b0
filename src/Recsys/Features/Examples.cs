using Recsys.Data;

namespace Recsys.Features;

/// <summary>
/// A training or test set held as references: user id, item id, context row, labels, and optionally weight, position, query and time.
/// Features are looked up when a batch is assembled. Made by <see cref="FeatureSet"/>; immutable and safe for any number of threads.
/// </summary>
/// <remarks>
/// An example's history, for sequence features, is what its user did in the history log strictly before the example: rows with a time
/// before its own (equal times are left out), or, without times, the rows before it in the log's order.
/// </remarks>
public sealed class Examples
{
    internal Examples(FittedSchema schema, ExampleData data, FeatureTable contexts, int[]? historyEnds, int[]?[] actionCodes)
    {
        Schema = schema;
        Data = data;
        ContextTable = contexts;
        HistoryEnds = historyEnds;
        ActionCodes = actionCodes;
    }

    /// <summary>The schema under which they are encoded.</summary>
    public FittedSchema Schema { get; }

    /// <summary>Number of examples.</summary>
    public int Count => Data.Users.Length;

    /// <summary>Dense user ids, -1 for unknown.</summary>
    public ReadOnlySpan<int> Users => Data.Users;

    /// <summary>Dense item ids, -1 for unknown.</summary>
    public ReadOnlySpan<int> Items => Data.Items;

    /// <summary>Rows of <see cref="ContextTable"/>, -1 for none; empty if no example has one.</summary>
    public ReadOnlySpan<int> Contexts => Data.Contexts;

    /// <summary>The encoded contexts.</summary>
    public FeatureTable ContextTable { get; }

    /// <summary>Weights; empty if all are 1.</summary>
    public ReadOnlySpan<float> Weights => Data.Weights;

    /// <summary>Positions as given, from 1, 0 for not known; empty if none is known.</summary>
    public ReadOnlySpan<int> Positions => Data.Positions;

    /// <summary>Queries; empty if none was given.</summary>
    public ReadOnlySpan<int> Queries => Data.Queries;

    /// <summary>Times in Unix seconds; empty if none was given.</summary>
    public ReadOnlySpan<long> Times => Data.Times;

    /// <summary>The log that sequences are read from, or null.</summary>
    public Interactions? History => Data.History;

    /// <summary>The values of one label.</summary>
    /// <param name="label">Its place in <see cref="FittedSchema.Labels"/>.</param>
    public ReadOnlySpan<float> Label(int label = 0)
        => (uint)label < (uint)Data.Labels.Count
            ? Data.Labels[label]
            : throw new ArgumentOutOfRangeException(nameof(label), label, $"There are {Data.Labels.Count} labels.");

    /// <summary>The examples start..start+count-1, copied.</summary>
    public Examples Slice(int start, int count)
    {
        if (start < 0 || count < 0 || start > Count - count)
            throw new ArgumentOutOfRangeException(
                nameof(start), start, $"{count} examples from {start} do not lie within the {Count} there are.");
        return With(column => column.AsSpan(start, count).ToArray(), column => column.AsSpan(start, count).ToArray(),
            column => column.AsSpan(start, count).ToArray());
    }

    /// <summary>The examples at some places, in that order, copied.</summary>
    /// <param name="places">Each 0..<see cref="Count"/>-1.</param>
    public Examples Select(params ReadOnlySpan<int> places)
    {
        var chosen = places.ToArray();
        foreach (var place in chosen)
            if ((uint)place >= (uint)Count) throw new ArgumentOutOfRangeException(nameof(places), place, $"There are {Count} examples.");
        return With(column => Array.ConvertAll(chosen, i => column[i]), column => Array.ConvertAll(chosen, i => column[i]),
            column => Array.ConvertAll(chosen, i => column[i]));
    }

    /// <summary>Cuts them at random in two: the first part gets round(ratio · Count), each part keeps the order.</summary>
    /// <param name="ratio">Share of the first part, 0..1.</param>
    /// <param name="seed">Of the choice.</param>
    public (Examples First, Examples Second) Split(double ratio, ulong seed = 1)
    {
        Guard.InRange(0, 1, ratio, nameof(ratio));
        var first = (int)Math.Round(ratio * Count);
        var order = new int[Count];
        new Numerics.Permutation(Count, new Numerics.Rng(seed)).Fill(0, order);
        Array.Sort(order, 0, first);
        Array.Sort(order, first, Count - first);
        return (Select(order.AsSpan(0, first)), Select(order.AsSpan(first)));
    }

    internal ExampleData Data { get; }

    /// <summary>
    /// For each example, how many of its user's first rows of the history log it may see; null without sequence features.
    /// </summary>
    internal int[]? HistoryEnds { get; }

    /// <summary>
    /// For each sequence, the action code of each event type of the history log (0: left out); null keeps all with code 0.
    /// </summary>
    internal int[]?[] ActionCodes { get; }

    private Examples With(Func<int[], int[]> integers, Func<float[], float[]> reals, Func<long[], long[]> longs) => new(Schema, Data with
    {
        Users = integers(Data.Users),
        Items = integers(Data.Items),
        Contexts = Data.Contexts is null ? null : integers(Data.Contexts),
        Labels = [.. Data.Labels.Select(reals)],
        ChannelSignals = [.. Data.ChannelSignals.Select(reals)],
        Weights = Data.Weights is null ? null : reals(Data.Weights),
        Positions = Data.Positions is null ? null : integers(Data.Positions),
        Queries = Data.Queries is null ? null : integers(Data.Queries),
        Times = Data.Times is null ? null : longs(Data.Times),
    }, ContextTable, HistoryEnds is null ? null : integers(HistoryEnds), ActionCodes);
}

/// <summary>
/// What examples are made of, as plain arrays of one length. They are taken over, not copied: do not change them afterwards.
/// </summary>
public sealed record ExampleData
{
    /// <summary>Dense user ids; -1 for unknown.</summary>
    public required int[] Users { get; init; }

    /// <summary>Dense item ids; -1 for unknown.</summary>
    public required int[] Items { get; init; }

    /// <summary>One array for each label of the schema, in its order.</summary>
    public IReadOnlyList<float[]> Labels { get; init; } = [];

    /// <summary>Rows of the context table; -1 for none. Null: none has a context.</summary>
    public int[]? Contexts { get; init; }

    /// <summary>The table that <see cref="Contexts"/> points into; null takes the one that the set was fitted with.</summary>
    public FeatureTable? ContextTable { get; init; }

    /// <summary>One array for each channel feature of the schema, in its order; empty: no channel proposed any example.</summary>
    public IReadOnlyList<float[]> ChannelSignals { get; init; } = [];

    /// <summary>Finite, 0 or greater. Null: all 1.</summary>
    public float[]? Weights { get; init; }

    /// <summary>From 1; 0 for not known. Null: none is known.</summary>
    public int[]? Positions { get; init; }

    /// <summary>Which examples belong together (a request, a query). Null: not known.</summary>
    public int[]? Queries { get; init; }

    /// <summary>Unix seconds. Null: not known.</summary>
    public long[]? Times { get; init; }

    /// <summary>The log that sequence features read.</summary>
    public Interactions? History { get; init; }

    /// <summary>How many of its user's first rows in the history log each example may see. Null: found from <see cref="Times"/>.</summary>
    public int[]? HistoryEnds { get; init; }
}

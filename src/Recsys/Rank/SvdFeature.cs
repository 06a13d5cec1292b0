// z(u, i, g) = μ + Σ_g x_g w_g + Σ_u x_u w_u + Σ_i x_i w_i + (Σ_u x_u p_u)·(Σ_i x_i q_i)                               (eq. 1)
// Pointwise: L = log(1 + exp(-ỹ z)) or ½ (z - y)²;   pairwise: L = log(1 + exp(-(z⁺ - z⁻))) for two examples of one group.
// p_u ← p_u - η (e x_u Σ_i x_i q_i + λ p_u),   q_i ← q_i - η (e x_i Σ_u x_u p_u + λ q_i),   w ← w - η (e x + λ_w w),   e = dL/dz
//
// Chen, Zhang, Lu, Chen, Zheng and Yu, "SVDFeature: a toolkit for feature-based collaborative filtering", JMLR 2012.
// A factorisation machine without the pairs inside a side.

using System.Runtime.CompilerServices;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>What an <see cref="SvdFeature"/> learns from.</summary>
public enum SvdFeatureTask
{
    /// <summary>Labels 0 and 1, by log loss; the score is a probability.</summary>
    Classification,

    /// <summary>Any labels, by half the squared error; the score is the predicted label.</summary>
    Regression,

    /// <summary>
    /// Pairs of a 1 and a 0 of one group, by the log loss of the difference (BPR); the score orders and has no unit. A group is a query,
    /// or, where the examples have none, a user; each epoch draws one 0 for every 1.
    /// </summary>
    Pairwise,
}

/// <summary>Options of <see cref="SvdFeature"/>.</summary>
public sealed record SvdFeatureOptions : FactorMachineOptions
{
    /// <summary>What is learned from. Default <see cref="SvdFeatureTask.Classification"/>.</summary>
    public SvdFeatureTask Task { get; init => field = Guard.Defined(value); }

    /// <summary>The inputs on the user's side of the product; null (the default): those of the user, and sequences of events.</summary>
    public IReadOnlyList<string>? UserFeatures { get; init; }

    /// <summary>The inputs on the item's side; null (the default): those of the item. The rest is global and has no factors.</summary>
    public IReadOnlyList<string>? ItemFeatures { get; init; }

    /// <summary>λ_w, the L2 penalty of the weights w, for each example that has the value. 0..1000, default 1e-5.</summary>
    public float WeightPenalty { get; init => field = Guard.InRange(0, 1000, value); } = 1e-5f;

    /// <summary>λ, the L2 penalty of the factors p and q, for each example that has the value. 0..1000, default 0.01.</summary>
    public float FactorPenalty { get; init => field = Guard.InRange(0, 1000, value); } = 0.01f;

    /// <summary>The standard deviation of the first factors. 0.000001..10, default 0.1.</summary>
    public float InitialScale { get; init => field = Guard.InRange(1e-6f, 10, value); } = 0.1f;
}

/// <summary>
/// Matrix factorisation by features: a user is the sum of the factors of the user's features, an item of the item's, and their product,
/// with a weight for every feature, is the score. A value that training did not see adds nothing. Immutable; safe for any number of threads.
/// </summary>
public sealed class SvdFeature : FactorMachine<SvdFeature, SvdFeatureOptions>, IFactorMachine<SvdFeature, SvdFeatureOptions>
{
    private readonly int _userEnd, _itemEnd; // columns: first the user's, then the item's

    private SvdFeature(SparseInput input, SvdFeatureOptions options)
        : base(input, options, input.Layout.FirstColumn(options.UserFeatures!.Count + options.ItemFeatures!.Count))
        => (_userEnd, _itemEnd) = (input.Layout.FirstColumn(UserFields), input.Layout.FirstColumn(UserFields + ItemFields));

    /// <inheritdoc/>
    public static string Kind => "svdfeature";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>What was learned from.</summary>
    public SvdFeatureTask Task => Options.Task;

    internal override FactorLoss Loss => Task switch
    {
        SvdFeatureTask.Classification => FactorLoss.Log,
        SvdFeatureTask.Regression => FactorLoss.Squared,
        _ => FactorLoss.Pairs,
    };

    internal override (float, float) Penalties => (Options.FactorPenalty, Options.WeightPenalty);

    internal override int Sums => 2; // Σ x p and Σ x q

    private int UserFields => Options.UserFeatures!.Count;

    private int ItemFields => Options.ItemFeatures!.Count;

    /// <summary>p or q of a column; empty for a global one. [Factors]</summary>
    /// <param name="column">A column of the layout.</param>
    public ReadOnlySpan<float> Vector(int column)
        => column >= _itemEnd && column < Layout.ColumnCount ? [] : Table.Vectors[column];

    internal override float Logit(SparseRow row, in FactorTable table, Span<float> sums)
    {
        var (user, item) = Cut(row.Columns);
        Span<float> p = sums[..table.Vectors.Stride], q = sums[table.Vectors.Stride..];
        FactorKernel.Sum(table.Vectors, row.Columns[..user], row.Values[..user], p);
        FactorKernel.Sum(table.Vectors, row.Columns[user..item], row.Values[user..item], q);
        return table.Bias + (table.Linear(row) + Dot.Product(p, q));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void AddGradients(
        SparseRow row, float error, float mass, in FactorTable table, BlockGradients gradients, int shard, int first)
    {
        var (user, item) = Cut(row.Columns);
        // User features are met by both examples of a pair.
        var userMass = Task == SvdFeatureTask.Pairwise ? mass / 2 : mass;
        for (var k = 0; k < row.Columns.Length; k++)
        {
            var g = error * row.Values[k];
            gradients.Add(
                shard, row.Columns[k], k < user ? first + 1 : k < item ? first : -1, g, 0, g, k < user ? userMass : mass);
        }
    }

    // Where the item's cells begin, and where they end.
    private (int User, int Item) Cut(ReadOnlySpan<int> columns)
    {
        var user = 0;
        while (user < columns.Length && columns[user] < _userEnd) user++;
        var item = user;
        while (item < columns.Length && columns[item] < _itemEnd) item++;
        return (user, item);
    }

    internal override void Draw(Rng rng, int column, Span<float> vectors)
        => rng.FillNormal((ulong)column * (ulong)Factors, vectors, 0, Options.InitialScale);

    internal override string? Misfit(SvdFeature old)
        => old.Factors == Factors && old.Task == Task && old.UserFields == UserFields && old.ItemFields == ItemFields ? null
            : $"has {old.Factors} factors for {old.Task} and {old.UserFields} + {old.ItemFields} fields on the two sides; the options " +
                $"ask for {Factors} for {Task} and {UserFields} + {ItemFields}.";

    internal override void WriteOptions(ModelWriter writer)
    {
        writer.Integer("user-fields", UserFields);
        writer.Integer("item-fields", ItemFields);
        writer.Choice("task", Task);
        writer.Integer("factors", Factors);
    }

    static SvdFeature IFactorMachine<SvdFeature, SvdFeatureOptions>.Create(SparseInput input, SvdFeatureOptions options)
        => new(input, options);

    // Names both sides, and orders the inputs by them.
    static SvdFeatureOptions IFactorMachine<SvdFeature, SvdFeatureOptions>.Resolve(FittedSchema schema, SvdFeatureOptions options)
    {
        var all = options.Features is { } named ? named.Select(name => schema[name]).ToList() : [.. schema.Inputs];
        var user = Named(options.UserFeatures, options.ItemFeatures, f => f.Side == Side.User || f.Kind == FeatureKind.Sequence);
        var item = Named(options.ItemFeatures, options.UserFeatures, f => f.Side == Side.Item);
        string[] order = [.. user, .. item, .. all.Select(f => f.Name).Except(user).Except(item)];
        return options with { Features = order, UserFeatures = user, ItemFeatures = item };

        IReadOnlyList<string> Named(IReadOnlyList<string>? given, IReadOnlyList<string>? others, Predicate<FittedFeature> side)
            => given ?? [.. all.Where(f => side(f)).Select(f => f.Name).Except(others ?? [])];
    }

    static SvdFeatureOptions IFactorMachine<SvdFeature, SvdFeatureOptions>.ReadOptions(ModelReader reader, SparseLayout layout)
    {
        string[] names = [.. layout.Fields.Select(field => field.Name)];
        var user = reader.Int32("user-fields", 0, names.Length);
        return new()
        {
            Task = reader.Choice<SvdFeatureTask>("task"),
            Factors = reader.Int32("factors", 1, 1024),
            UserFeatures = names[..user],
            ItemFeatures = names[user..(user + reader.Int32("item-fields", 0, names.Length - user))],
        };
    }
}

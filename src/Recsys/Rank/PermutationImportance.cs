// importance of j = metric(f(X), y) - metric(f(X with column j shuffled among the rows), y), repeated with other shuffles.
// Breiman, "Random forests", Machine Learning 45 (2001), section 10; for any model: Fisher, Rudin and Dominici, JMLR 20 (2019).

using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Rank;

/// <summary>Options of <see cref="PermutationImportance"/>.</summary>
public sealed record PermutationOptions
{
    /// <summary>Shuffles of each feature, at least 1. Default 5.</summary>
    public int Repeats { get; init => field = Guard.AtLeast(1, value); } = 5;

    /// <summary>Seed of the shuffles. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads, at least 1. Default: all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}

/// <summary>
/// How much worse a model does when a feature tells it nothing: its values are shuffled among the examples. Best measured on examples that
/// the model was not trained on. Features that say the same cover for each other, and each alone looks unimportant.
/// </summary>
/// <param name="Feature">Its name.</param>
/// <param name="Mean">The mean loss of metric over the shuffles; below 0: chance.</param>
/// <param name="Deviation">Standard deviation of the loss over the shuffles; 0 with one.</param>
/// <param name="Losses">The loss of metric of each shuffle.</param>
public sealed record PermutationImportance(string Feature, double Mean, double Deviation, IReadOnlyList<double> Losses)
{
    private const int Block = 4096;

    /// <summary>Measures every input of the schema that the ranker was trained with; a cross is a feature of its own.</summary>
    /// <param name="ranker">Any.</param>
    /// <param name="features">Assembles the examples.</param>
    /// <param name="examples">With labels.</param>
    /// <param name="metric">Measures scores against labels, unweighted. Called from several threads.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancel">Checked for each shuffle.</param>
    /// <returns>Greatest mean first; of equals, in the order of the schema.</returns>
    public static IReadOnlyList<PermutationImportance> Measure(IRanker ranker, FeatureSet features, Examples examples,
        ValidationMetric metric, PermutationOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(ranker);
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(metric);
        if (examples.Count == 0) throw new ArgumentException("There are no examples to measure on.", nameof(examples));
        if (features.Schema.Labels.Count == 0)
            throw new ArgumentException("The schema declares no label; add one with Feature.Label.", nameof(features));
        var inputs = features.Schema.Inputs;
        var size = Math.Min(Block, examples.Count);
        var pool = new ScratchPool<Batches>(() => new Batches(features.CreateBatch(size), features.CreateBatch(size)));
        return Run([.. inputs.Select(f => f.Name)], examples.Count, examples.Label().ToArray(), (input, order, scores) =>
        {
            var scratch = pool.Rent();
            var (own, other) = scratch;
            for (var start = 0; start < scores.Length; start += size)
            {
                var count = Math.Min(size, scores.Length - start);
                features.Assemble(examples, start, count, own);
                if (input >= 0)
                {
                    features.Assemble(examples, order.AsSpan(start, count), other);
                    Swap(inputs[input], own, other);
                }
                ranker.Score(own, scores.AsSpan(start, count));
            }
            pool.Return(scratch);
        }, metric, options ?? new PermutationOptions(), cancel);
    }

    /// <summary>Measures every column of a matrix.</summary>
    /// <param name="predict">Fills the scores of some rows. Called from several threads.</param>
    /// <param name="x">[rows, columns], row-major.</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="labels">[rows]</param>
    /// <param name="metric">Measures scores against labels, unweighted. Called from several threads.</param>
    /// <param name="names">The name of each column; null for "column 0" and so on.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancel">Checked for each shuffle.</param>
    /// <returns>Greatest mean first; of equals, in the order of the columns.</returns>
    public static IReadOnlyList<PermutationImportance> Measure(Action<float[], float[]> predict, float[] x, int columns, float[] labels,
        ValidationMetric metric, IReadOnlyList<string>? names = null, PermutationOptions? options = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(predict);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(metric);
        DenseInput.Check(x, columns, labels, []);
        if (names is not null && names.Count != columns)
            throw new ArgumentException($"There are {names.Count} names for {columns} columns.", nameof(names));
        return Run([.. names ?? Enumerable.Range(0, columns).Select(c => $"column {c}")], labels.Length, labels, (column, order, scores) =>
        {
            var rows = x;
            if (column >= 0)
            {
                rows = (float[])x.Clone();
                for (var i = 0; i < order.Length; i++) rows[(i * columns) + column] = x[(order[i] * columns) + column];
            }
            predict(rows, scores);
        }, metric, options ?? new PermutationOptions(), cancel);
    }

    private static List<PermutationImportance> Run(string[] names, int rows, float[] labels, Action<int, int[], float[]> score,
        ValidationMetric metric, PermutationOptions options, CancellationToken cancel)
    {
        var scores = new float[rows];
        score(-1, [], scores);
        var whole = metric.Measure(scores, labels);
        var losses = new double[names.Length][];
        for (var i = 0; i < losses.Length; i++) losses[i] = new double[options.Repeats];
        var rng = new Rng(options.Seed);
        Shards.Run(names.Length * options.Repeats, options.Threads, job =>
        {
            var (feature, repeat) = Math.DivRem(job, options.Repeats);
            var (order, shuffled) = (new int[rows], new float[rows]);
            new Permutation(rows, rng.Stream((ulong)feature).Stream((ulong)repeat)).Fill(0, order);
            score(feature, order, shuffled);
            var left = metric.Measure(shuffled, labels);
            losses[feature][repeat] = metric.HigherIsBetter ? whole - left : left - whole;
        }, cancel);
        return [.. losses.Select((l, i) => Of(names[i], l)).OrderByDescending(p => p.Mean)];
    }

    private static PermutationImportance Of(string name, double[] losses)
    {
        var mean = losses.Average();
        var deviation = losses.Length == 1 ? 0 : Math.Sqrt(losses.Sum(l => (l - mean) * (l - mean)) / (losses.Length - 1));
        return new PermutationImportance(name, mean, deviation, losses);
    }

    private sealed record Batches(ExampleBatch Own, ExampleBatch Other);

    private static void Swap(FittedFeature feature, ExampleBatch a, ExampleBatch b)
    {
        static void Exchange<T>(T[] a, T[] b, int slot) => (a[slot], b[slot]) = (b[slot], a[slot]);
        switch (feature.Shape)
        {
            case FeatureShape.Code: Exchange(a.CodeColumns, b.CodeColumns, feature.Slot); break;
            case FeatureShape.Codes: Exchange(a.CodesColumns, b.CodesColumns, feature.Slot); break;
            case FeatureShape.Sequence: Exchange(a.SequenceColumns, b.SequenceColumns, feature.Slot); break;
            default:
                Exchange(a.NumberColumns, b.NumberColumns, feature.Slot);
                if (feature.IndicatorSlot >= 0) Exchange(a.NumberColumns, b.NumberColumns, feature.IndicatorSlot);
                break;
        }
    }
}

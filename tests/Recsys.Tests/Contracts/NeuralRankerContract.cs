using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Nn;
using Recsys.Numerics;
using Recsys.Rank;
using Recsys.Tests.Nn;

namespace Recsys.Tests.Contracts;

/// <summary>
/// What every network that ranks must pass. Derive a class of tests from it for a model; it says how a small one is made.
/// </summary>
public abstract class NeuralRankerContract<TModel, TOptions>
    where TModel : NeuralRanker<TModel, TOptions>, INetwork<TModel, TOptions>
    where TOptions : class, INetworkOptions<TOptions>, new()
{
    private static readonly PlantedClicks Clicks = new(900);

    /// <summary>Options of a small network (a file of a few kB) that learns pairs of 12 codes from a few thousand examples.</summary>
    /// <param name="training">How it is to be trained.</param>
    /// <param name="smooth">Without kinks and dropout, for the check of gradients.</param>
    private protected abstract TOptions Options(TrainerOptions training, bool smooth);

    /// <summary>How it is trained where it has to learn.</summary>
    private protected virtual TrainerOptions Learning
        => new() { Epochs = 40, BatchSize = 128, Seed = 5, Optimizer = new Adam { LearningRate = 0.01f } };

    private static TrainerOptions Short => new() { Epochs = 2, BatchSize = 64, Seed = 5 };

    [Fact]
    public void The_threads_do_not_change_a_bit()
    {
        float[] Weights(int threads)
        {
            var parameters = Train(Clicks.Features, Clicks.Examples, Short with { Threads = threads }).Parameters;
            return [.. parameters.Dense.SelectMany(p => p.Values.ToArray()), .. parameters.Tables.SelectMany(t => t.Mutable.ToArray())];
        }
        var one = Weights(1);
        Assert.Equal(one, Weights(2));
        Assert.Equal(one, Weights(5));
    }

    [Fact]
    public void Its_file_is_safe()
    {
        var model = Train(Clicks.Features, Clicks.Examples.Slice(0, 100), Short);
        var batch = Clicks.Features.CreateBatch(20);
        Clicks.Features.Assemble(Clicks.Examples, 0, 20, batch);
        ModelFileContract.Check(model, copy =>
        {
            var scores = new float[20];
            // A forged schema is another schema; what matters is that nothing else goes wrong.
            try
            {
                copy.Score(batch, scores);
            }
            catch (SchemaMismatchException)
            {
            }
            return scores;
        });
    }

    [Fact]
    public void It_learns_an_interaction_that_no_sum_of_terms_can()
    {
        var clicks = new PlantedClicks(4000);
        var (train, test) = clicks.Examples.Split(0.8);
        var model = Train(clicks.Features, train, Learning);
        var linear = LogisticRegression.Train(clicks.Features, train);
        Assert.InRange(AucMetrics.Auc(Scores(model, clicks.Features, test), test.Label()), 0.8, 0.95);
        Assert.InRange(AucMetrics.Auc(Scores(linear, clicks.Features, test), test.Label()), 0.4, 0.6);
    }

    [Fact]
    public void Scores_are_probabilities_whatever_the_size_of_the_batch()
    {
        var model = Train(Clicks.Features, Clicks.Examples, Short);
        var all = Scores(model, Clicks.Features, Clicks.Examples);
        Assert.All(all, score => Assert.InRange(score, 0, 1));
        var some = Scores(model, Clicks.Features, Clicks.Examples.Slice(37, 5));
        for (var i = 0; i < 5; i++) Assert.Equal(all[37 + i], some[i], 1e-5);
        model.Score(Clicks.Features.CreateBatch(1), []);
        var batch = Clicks.Features.CreateBatch(3);
        Clicks.Features.Assemble(Clicks.Examples, 0, 3, batch);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Score(batch, new float[2]));
        Assert.Throws<ArgumentNullException>(() => model.Score(null!, []));
    }

    [Fact]
    public void Steps_and_scores_allocate_nothing()
    {
        var model = TModel.Create(ParameterScope.Initialise(1), Clicks.Features.Schema, Options(Short with { Threads = 1 }, false));
        var trainer = NeuralRanker<TModel, TOptions>.TrainerOf(model, Clicks.Features, Clicks.Examples);
        Allocations.AssertNone(() => trainer.RunEpoch(0, default));
        var batch = Clicks.Features.CreateBatch(50);
        Clicks.Features.Assemble(Clicks.Examples, 0, 50, batch);
        var scores = new float[50];
        Allocations.AssertNone(() => model.Score(batch, scores));
    }

    [Fact]
    public void Gradients_of_the_whole_network_are_those_of_differences()
    {
        var model = TModel.Create(ParameterScope.Initialise(1), Clicks.Features.Schema, Options(Short, true));
        foreach (var parameter in model.Parameters.DenseList)
        {
            var (low, high) = parameter.IsStatistic ? (0.5f, 1f) : (-0.4f, 0.4f);
            new Rng(3, StableHash.Of(parameter.Name)).FillUniform(0, parameter.Mutable, low, high);
        }
        foreach (var table in model.Parameters.TableList) new Rng(3, StableHash.Of(table.Name)).FillUniform(0, table.Mutable, -0.4f, 0.4f);
        var batch = Clicks.Features.CreateBatch(12);
        Clicks.Features.Assemble(Clicks.Examples, 0, 12, batch);
        var sink = new ShardGradients(model.Parameters);
        var tape = new Tape(TapeMode.Differentiate) { Sink = sink };
        tape.Backward(model.LogitOf(tape, batch).LogLoss(batch.Label()));
        foreach (var parameter in model.Parameters.DenseList)
        {
            if (parameter.IsStatistic) continue;
            Assert.True(sink.Touched(parameter.Index), $"'{parameter.Name}' got no gradient.");
            Check(parameter.Name, parameter.Mutable, sink.Dense(parameter, out _).Span);
        }
        foreach (var table in model.Parameters.TableList)
        {
            var gradient = new float[table.Mutable.Length];
            OpCheck.AddRows(sink.Rows(table), gradient);
            Check(table.Name, table.Mutable, gradient);
        }

        void Check(string name, Span<float> values, ReadOnlySpan<float> gradient)
        {
            const float Step = 1e-2f;
            var largest = Enumerable.Range(0, gradient.Length).ToArray();
            var sizes = gradient.ToArray();
            Array.Sort(largest, (i, j) => Math.Abs(sizes[j]).CompareTo(Math.Abs(sizes[i])));
            foreach (var i in largest.Take(6))
            {
                var kept = values[i];
                values[i] = kept + Step;
                var up = Loss();
                values[i] = kept - Step;
                var difference = (up - Loss()) / (2 * Step);
                values[i] = kept;
                Assert.True(Math.Abs(difference - sizes[i]) <= 2e-3 + 5e-3 * Math.Abs(difference),
                    $"∂/∂{name}[{i}] is {sizes[i]}; differences say {difference}.");
            }
        }

        double Loss()
        {
            var serving = new Tape(TapeMode.Differentiate);
            var sum = 0.0;
            foreach (var loss in model.LogitOf(serving, batch).LogLoss(batch.Label()).Values) sum += loss;
            return sum;
        }
    }

    [Fact]
    public void Features_of_another_schema_are_refused()
    {
        var model = Train(Clicks.Features, Clicks.Examples.Slice(0, 100), Short);
        var other = new PlantedClicks(60, seed: 4);
        var batch = other.Features.CreateBatch(5);
        other.Features.Assemble(other.Examples, 0, 5, batch);
        Assert.Contains("Feature '", Assert.Throws<SchemaMismatchException>(() => model.Score(batch, new float[5])).Message);
        Assert.Throws<SchemaMismatchException>(() => Train(Clicks.Features, other.Examples, Short));
        // A batch that fits is scored as before: nothing is left of the one that did not.
        Assert.All(Scores(model, Clicks.Features, Clicks.Examples), score => Assert.InRange(score, 0, 1));
    }

    [Fact]
    public void Cells_that_are_missing_unknown_empty_or_without_history_have_answers()
    {
        var log = Interactions.From([("u1", "i1", 5f, 10L), ("u1", "i2", 1f, 20L), ("u2", "i1", 4f, 20L), ("u3", "i3", 1f, 30L)]);
        var users = Columns.From(Enumerable.Range(0, 3)).List("tags", u => u == 0 ? [] : [$"t{u}"])
            .Number("age", u => u == 1 ? null : 20 + u)
            .Text("city", u => u == 2 ? null : $"c{u}").InIdOrder();
        var features = new FeatureSchema(
            Feature.Id("user", Side.User), Feature.Id("item", Side.Item), Feature.MultiCategory("tags", Side.User),
            Feature.Category("city", Side.User),
            Feature.Number("age", Side.User, NumberScale.Standardised, indicator: true), Feature.Cross("city×item", ["city", "item"]),
            Feature.Sequence("history", "item", maxLength: 3), Feature.Label("like")).Fit(users, train: log);
        var model = Train(features, features.Examples(log, new() { Threshold = 4 }), Short);
        var odd = features.Examples(new ExampleData
        {
            Users = [-1, 0, 1, 2, -1],
            Items = [-1, -1, 0, 2, 0],
            Labels = [[0, 0, 1, 0, 1]],
            History = log,
            HistoryEnds = [0, 0, 1, 0, 0],
        });
        var scores = Scores(model, features, odd);
        Assert.All(scores, score => Assert.InRange(score, 0, 1));
        Assert.Equal(5, scores.Length);
    }

    [Fact]
    public void Labels_that_are_no_clicks_are_refused()
    {
        var table = Columns.From(Enumerable.Range(0, 4)).Text("a", i => $"{i}").Number("y", i => i == 2 ? 0.5 : 1).Build();
        var features = new FeatureSchema(Feature.Category("a", Side.Context), Feature.Label("y", binary: false)).Fit(contexts: table);
        var error = Assert.Throws<ArgumentException>(() => Train(features, features.Examples(table), Short));
        Assert.Contains("example 2 is 0.5", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Train(features, features.Examples(table).Slice(0, 0), Short));
    }

    private TModel Train(FeatureSet features, Examples examples, TrainerOptions training)
        => NeuralRanker<TModel, TOptions>.Train(features, examples, Options(training, false));

    private protected static float[] Scores(IRanker model, FeatureSet features, Examples examples)
    {
        var batch = features.CreateBatch(examples.Count);
        features.Assemble(examples, 0, examples.Count, batch);
        var scores = new float[batch.Count];
        model.Score(batch, scores);
        return scores;
    }
}

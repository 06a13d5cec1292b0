using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Nn;
using Recsys.Rank;
using Recsys.Tests.Contracts;
using Recsys.Tests.Nn;

namespace Recsys.Tests.Rank;

public sealed class DnnTests : NeuralRankerContract<Dnn, DnnOptions>
{
    private protected override DnnOptions Options(TrainerOptions training, bool smooth)
        => new() { Dimension = 4, Hidden = [16, 8], Activation = smooth ? Activation.Tanh : Activation.Relu, Training = training };

    [Theory]
    [InlineData(Activation.PRelu, true, 0.1f)]
    [InlineData(Activation.Dice, false, 0)]
    [InlineData(Activation.Gelu, true, 0)]
    [InlineData(Activation.Sigmoid, false, 0.1f)]
    [InlineData(Activation.None, true, 0)]
    public void Every_kind_of_layer_learns_saves_and_does_not_depend_on_threads(Activation activation, bool batchNorm, float dropout)
    {
        var clicks = new PlantedClicks(600);
        Dnn Train(int threads, int epochs) => Dnn.Train(clicks.Features, clicks.Examples, new DnnOptions
        {
            Dimension = 4,
            Hidden = [16],
            Activation = activation,
            BatchNorm = batchNorm,
            Dropout = dropout,
            Training = new()
            {
                Epochs = epochs,
                BatchSize = 100,
                Threads = threads,
                Seed = 2,
                Optimizer = new Adam { LearningRate = 0.02f },
            },
        });
        Assert.Equal(Scores(Train(1, 2), clicks.Features, clicks.Examples), Scores(Train(3, 2), clicks.Features, clicks.Examples));
        var model = Train(2, 30);
        var (first, last) = (model.History[0].Loss, model.History[^1].Loss);
        Assert.True(last < first - (activation == Activation.None ? 0.002 : 0.05), $"{first} → {last}");
        ModelFileContract.Check(Train(1, 1), copy => Scored(copy, clicks));
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DnnOptions { Dimension = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DnnOptions { Hidden = [8, 0] });
        Assert.Throws<ArgumentNullException>(() => new DnnOptions { Hidden = null! });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DnnOptions { Dropout = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DnnOptions { Dropout = float.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DnnOptions { Activation = (Activation)99 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DnnOptions { Output = (NetworkOutput)7 });
        Assert.Throws<ArgumentNullException>(() => new DnnOptions { Training = null! });
    }

    private static float[] Scored(Dnn model, PlantedClicks clicks)
    {
        try
        {
            return Scores(model, clicks.Features, clicks.Examples.Slice(0, 10));
        }
        catch (SchemaMismatchException)
        {
            return [0];
        }
    }
}

public sealed class DeepFmTests : NeuralRankerContract<DeepFm, DeepFmOptions>
{
    private protected override DeepFmOptions Options(TrainerOptions training, bool smooth)
        => new() { Dimension = 4, Hidden = [8], Activation = smooth ? Activation.Tanh : Activation.Relu, Training = training };

    [Fact]
    public void Without_hidden_layers_it_is_a_factorisation_machine()
    {
        var clicks = new PlantedClicks(200);
        var model = DeepFm.Train(clicks.Features, clicks.Examples,
            new()
            {
                Dimension = 3,
                Hidden = [],
                Training = new() { Epochs = 20, BatchSize = 50, Optimizer = new Adam { LearningRate = 0.02f } },
            });
        var scores = Scores(model, clicks.Features, clicks.Examples);
        var batch = clicks.Features.CreateBatch(200);
        clicks.Features.Assemble(clicks.Examples, 0, 200, batch);
        var table = model.Parameters.Tables.Single(t => t.Name == "fields.table");
        var weights = model.Parameters.Tables.Single(t => t.Name == "linear.weights");
        float[] Named(string name) => model.Parameters.Dense.Single(p => p.Name == name).Values.ToArray();
        var schema = clicks.Features.Schema;
        for (var i = 0; i < 200; i++)
        {
            // The sparse x of the example, by the definition: each code a one, each of n codes 1/n, the number itself.
            var x = new List<(double Value, double Weight, float[] Factors)>();
            void Code(int row, double value)
            {
                var (factors, weight) = (new float[3], new float[1]);
                table.CopyRow(row, factors);
                weights.CopyRow(row, weight);
                x.Add((value, weight[0], factors));
            }
            var first = 0;
            foreach (var feature in schema.Inputs)
            {
                if (feature.Shape == FeatureShape.Code) Code(first + batch.Category(feature.Index)[i], 1);
                if (feature.Shape == FeatureShape.Codes)
                {
                    var lists = batch.MultiCategory(feature.Index);
                    var codes = lists.Codes[lists.Offsets[i]..lists.Offsets[i + 1]].ToArray();
                    foreach (var code in codes) Code(first + code, 1.0 / codes.Length);
                }
                if (feature.Shape == FeatureShape.Number)
                    x.Add((batch.Number(feature.Index)[i], Named("linear.numbers")[0], Named("fields.numbers")));
                first += feature.Cardinality;
            }
            // Pairs are of fields; the codes of one field are one vector.
            var z = Named("linear.bias")[0] + x.Sum(e => e.Value * e.Weight);
            for (var k = 0; k < 3; k++)
            {
                var sums = Vectors(schema, batch, i, x, k);
                z += Enumerable.Range(0, sums.Length).Sum(p => Enumerable.Range(p + 1, sums.Length - p - 1).Sum(q => sums[p] * sums[q]));
            }
            Assert.Equal(1 / (1 + Math.Exp(-z)), scores[i], 1e-5);
        }
    }

    // Component k of the vector of each field.
    private static double[] Vectors(
        FittedSchema schema, ExampleBatch batch, int i, List<(double Value, double Weight, float[] Factors)> x, int k)
    {
        var (sums, at) = (new double[schema.Inputs.Count], 0);
        for (var f = 0; f < sums.Length; f++)
        {
            var feature = schema.Inputs[f];
            var count = feature.Shape == FeatureShape.Codes
                ? batch.MultiCategory(feature.Index).Offsets[i + 1] - batch.MultiCategory(feature.Index).Offsets[i]
                : 1;
            for (; count > 0; count--, at++) sums[f] += x[at].Value * x[at].Factors[k];
        }
        return sums;
    }
}

public sealed class WideDeepTests : NeuralRankerContract<WideDeep, WideDeepOptions>
{
    private protected override TrainerOptions Learning => base.Learning with { Optimizer = new Adagrad { LearningRate = 0.1f } };

    private protected override WideDeepOptions Options(TrainerOptions training, bool smooth) => new()
    {
        Dimension = 4,
        Hidden = [16, 8],
        Activation = smooth ? Activation.Tanh : Activation.Relu,
        Training = training,
        Wide = training.Epochs > 2 || smooth ? ["a", "b"] : [],
    };

    [Fact]
    public void Its_wide_side_learns_crosses_and_L1_holds_useless_weights_at_zero()
    {
        var table = Columns.From(Enumerable.Range(0, 2000)).Text("a", i => $"{i % 6}").Text("b", i => $"{i / 6 % 6}")
            .Text("noise", i => $"{i * 7 % 50}").Number("click", i => (i % 6 + i / 6 % 6) % 2).Build();
        var features = new FeatureSchema(
            Feature.Category("a", Side.Context), Feature.Category("b", Side.Context), Feature.Category("noise", Side.Context),
            Feature.Cross("ab", ["a", "b"]), Feature.Label("click")).Fit(contexts: table);
        var examples = features.Examples(table);
        var model = WideDeep.Train(features, examples, new()
        {
            Dimension = 2,
            Hidden = [4],
            Deep = ["noise"],
            Wide = ["ab", "noise"],
            WideOptimizer = new Ftrl { LearningRate = 1, L1 = 0.2f },
            Training = new() { Epochs = 30, BatchSize = 200, Optimizer = new Adagrad { LearningRate = 0.01f } },
        });
        Assert.True(AucMetrics.Auc(Scores(model, features, examples), examples.Label()) > 0.99);
        var weights = model.Parameters.Tables.Single(t => t.Name == "wide.weights").Mutable.ToArray();
        var crosses = features.Schema["ab"].Cardinality;
        Assert.True(weights.Take(crosses).Count(w => w != 0) >= 36);
        Assert.True(weights.Skip(crosses).Count(w => w == 0) >= 40);
    }

    [Fact]
    public void Features_are_named_as_the_schema_does()
    {
        var clicks = new PlantedClicks(50);
        Assert.Contains("colour", Assert.Throws<ArgumentException>(() => WideDeep.Train(clicks.Features, clicks.Examples,
            new() { Wide = ["colour"] })).Message, StringComparison.Ordinal);
        var empty = Columns.From(Enumerable.Range(0, 4)).Number("x", i => i).Number("y", i => i % 2).Build();
        var numbers = new FeatureSchema(Feature.Number("x", Side.Context), Feature.Label("y")).Fit(contexts: empty);
        var none = Assert.Throws<ArgumentException>(() => WideDeep.Train(numbers, numbers.Examples(empty)));
        Assert.Contains("no feature", none.Message, StringComparison.Ordinal);
    }
}

public sealed class NfmTests : NeuralRankerContract<Nfm, NfmOptions>
{
    private protected override NfmOptions Options(TrainerOptions training, bool smooth) => new()
    {
        Dimension = 8,
        Hidden = [8],
        Dropout = 0,
        InteractionDropout = 0.1f,
        BatchNorm = smooth,
        Activation = smooth ? Activation.Tanh : Activation.Relu,
        Training = training,
    };

    [Fact]
    public void It_learns_values()
    {
        var table = Columns.From(Enumerable.Range(0, 1500)).Text("a", i => $"{i % 5}").Text("b", i => $"{i / 5 % 7}")
            .Number("rating", i => 3 + (i % 5 - 2) * (i / 5 % 7 - 3) * 0.5).Build();
        var features = new FeatureSchema(
            Feature.Category("a", Side.Context), Feature.Category("b", Side.Context), Feature.Label("rating", binary: false))
            .Fit(contexts: table);
        var examples = features.Examples(table);
        var (train, test) = examples.Split(0.8);
        var model = Nfm.Train(features, train, new()
        {
            Output = NetworkOutput.Value,
            Dimension = 16,
            Dropout = 0,
            InteractionDropout = 0,
            Training = new() { Epochs = 60, BatchSize = 100, Optimizer = new Adam { LearningRate = 0.01f } },
        }, test);
        var scores = Scores(model, features, test);
        Assert.True(ValidationMetric.SquaredError.Measure(scores, test.Label()) < 0.02, $"{model.History[^1]}");
        Assert.True(model.History[^1].Validation < model.History[0].Validation);
        Assert.InRange(ValidationMetric.SquaredError.Measure([1, 3], [2, 5], [1, 3]), 3.25 - 1e-9, 3.25 + 1e-9);
    }
}

public sealed class PnnTests : NeuralRankerContract<Pnn, PnnOptions>
{
    private protected override PnnOptions Options(TrainerOptions training, bool smooth) => new()
    {
        Dimension = 4,
        Hidden = [16],
        Dropout = 0,
        Product = PnnProduct.Both,
        Activation = smooth ? Activation.Gelu : Activation.Relu,
        Training = training,
    };
}

public sealed class DcnV2Tests : NeuralRankerContract<DcnV2, DcnV2Options>
{
    private protected override DcnV2Options Options(TrainerOptions training, bool smooth) => new()
    {
        Dimension = 4,
        Hidden = [16],
        CrossLayers = 2,
        Rank = smooth ? 3 : 0,
        Parallel = smooth,
        Activation = smooth ? Activation.Sigmoid : Activation.Relu,
        Training = training,
    };

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DcnV2Options { CrossLayers = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DcnV2Options { Rank = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new NfmOptions { InteractionDropout = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new PnnOptions { Product = (PnnProduct)3 });
        Assert.Throws<ArgumentNullException>(() => new WideDeepOptions { Wide = null! });
        Assert.Throws<ArgumentNullException>(() => new WideDeepOptions { WideOptimizer = null! });
    }
}

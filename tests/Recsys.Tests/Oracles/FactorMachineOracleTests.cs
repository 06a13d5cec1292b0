using System.Runtime.InteropServices;
using System.Text.Json;
using Recsys.Features;
using Recsys.Persistence;
using Recsys.Rank;
using Recsys.Tests.Persistence;
using Recsys.Tests.Rank;

namespace Recsys.Tests.Oracles;

/// <summary>Scores, gradients and steps against PyTorch: factor_machines.py made factor_machines.json.</summary>
public sealed class FactorMachineOracleTests
{
    private static readonly JsonElement Fixture = JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Oracles", "factor_machines", "factor_machines.json"))).RootElement;

    private static readonly double[][] Rows = [.. Fixture.GetProperty("rows").EnumerateArray().Select(Numbers)];

    private static readonly float Rate = Fixture.GetProperty("rate").GetSingle();

    private static readonly float Accumulator = Fixture.GetProperty("initial_accumulator").GetSingle();

    private static readonly int Factors = Fixture.GetProperty("factors").GetInt32();

    private const int UserColumns = 3, ItemColumns = 3;

    [Theory]
    [InlineData("fm", FmTask.Classification)]
    [InlineData("fm_regression", FmTask.Regression)]
    public void Fm_equals_torch(string name, FmTask task)
    {
        var options = new FmOptions { Task = task, Factors = Factors, WeightPenalty = 0, FactorPenalty = 0 };
        Check<Fm>(name, task == FmTask.Classification, (features, examples, run, start) => Fm.Train(features, examples, options with
        {
            Epochs = run.Epochs,
            Step = run.Step,
            BatchSize = 100,
            LearningRate = run.Rate,
            InitialAccumulator = Accumulator,
        }, warmStart: start), m => (m.Bias, m.Weights.ToArray(), Vectors(m.Weights.Length, m.Vector)));
    }

    [Fact]
    public void Ffm_equals_torch()
        => Check<Ffm>("ffm", true, (features, examples, run, start) => Ffm.Train(features, examples, new()
        {
            Factors = Factors,
            Linear = true,
            Penalty = 0,
            Epochs = run.Epochs,
            Step = run.Step,
            BatchSize = 100,
            LearningRate = run.Rate,
            InitialAccumulator = Accumulator,
        }, warmStart: start), m => (m.Bias, m.Weights.ToArray(), [.. Enumerable.Range(0, m.Weights.Length)
            .SelectMany(column => Enumerable.Range(0, Rows[0].Length).SelectMany(field => m.Vector(column, field).ToArray()))]));

    [Theory]
    [InlineData("svdfeature", SvdFeatureTask.Classification)]
    [InlineData("svdfeature_pairwise", SvdFeatureTask.Pairwise)]
    public void SvdFeature_equals_torch(string name, SvdFeatureTask task)
        => Check<SvdFeature>(name, task == SvdFeatureTask.Classification, (features, examples, run, start)
            => SvdFeature.Train(features, examples, new()
            {
                Task = task,
                Factors = Factors,
                UserFeatures = [.. Enumerable.Range(0, UserColumns).Select(Name)],
                ItemFeatures = [.. Enumerable.Range(UserColumns, ItemColumns).Select(Name)],
                WeightPenalty = 0,
                FactorPenalty = 0,
                Epochs = run.Epochs,
                Step = run.Step,
                BatchSize = 100,
                LearningRate = run.Rate,
                InitialAccumulator = Accumulator,
            }, warmStart: start), m => (m.Bias, m.Weights.ToArray(), Vectors(UserColumns + ItemColumns, m.Vector)));

    /// <summary>The model with other parameters, by way of its file.</summary>
    internal static T With<T>(T model, float bias, float[] weights, float[] vectors) where T : IModel<T>
    {
        using var stream = new MemoryStream();
        ModelFile.Save(stream, model);
        var file = EditableModelFile.Parse(stream.ToArray());
        file.Set("bias", ((double)bias).ToString("R", System.Globalization.CultureInfo.InvariantCulture));
        file.Set("weights", tensor => tensor with { Data = MemoryMarshal.AsBytes<float>(weights).ToArray() });
        file.Set("vectors", tensor => tensor with { Data = MemoryMarshal.AsBytes<float>(vectors).ToArray() });
        return ModelFile.Load<T>(new MemoryStream(file.ToBytes()));
    }

    private static void Check<T>(
        string name, bool probabilities, Func<FeatureSet, Examples, (int Epochs, FactorStep Step, float Rate), T?, T> train,
        Func<T, (float Bias, float[] Weights, float[] Vectors)> parameters) where T : class, IRanker, IModel<T>
    {
        var fixture = Fixture.GetProperty(name);
        var schema = new FeatureSchema([.. Enumerable.Range(0, Rows[0].Length).Select(c => Feature.Number(Name(c), Side.Context)),
            Feature.Label("y", binary: false)]);
        var builder = Columns.From(Rows);
        for (var c = 0; c < Rows[0].Length; c++)
        {
            var column = c;
            builder.Number(Name(c), row => row[column]);
        }
        var features = schema.Fit(contexts: builder.Build());
        var labels = Array.ConvertAll(Numbers(fixture.GetProperty("labels")), y => (float)y);
        var pairwise = name.EndsWith("pairwise", StringComparison.Ordinal);
        var examples = features.Examples(new ExampleData
        {
            Users = new int[Rows.Length],
            Items = new int[Rows.Length],
            Contexts = [.. Enumerable.Range(0, Rows.Length)],
            Labels = [labels],
            Queries = pairwise ? [.. Enumerable.Range(0, Rows.Length).Select(i => i < 6 ? i / 2 : i)] : null,
        });
        var (bias, weights, vectors) = Read(fixture.GetProperty("start"));
        var start = With(train(features, examples, (1, FactorStep.Sgd, 1e-30f), null), (float)bias, weights, vectors);

        var scores = ClickWorld.Scores(start, features, examples);
        var expected = Numbers(fixture.GetProperty("scores"));
        for (var i = 0; i < scores.Length; i++)
            Assert.Equal(probabilities ? 1 / (1 + Math.Exp(-expected[i])) : expected[i], scores[i], 1e-5);

        // A plain step of rate 1 takes off the gradient over the mass of the examples that have the value.
        var moved = parameters(train(features, examples, (1, FactorStep.Sgd, 1), start));
        var (biasGradient, weightGradients, vectorGradients) = Read(fixture.GetProperty("gradients"));
        if (!pairwise) Assert.Equal(biasGradient, (bias - moved.Bias) * Rows.Length, 1e-4);
        for (var c = 0; c < weights.Length; c++)
            Assert.Equal(weightGradients[c], (weights[c] - moved.Weights[c]) * Mass(c, pairwise), 1e-4);
        var width = vectors.Length == weights.Length * weights.Length * Factors ? weights.Length * Factors : Factors;
        for (var i = 0; i < vectors.Length; i++)
            Assert.Equal(vectorGradients[i], (vectors[i] - moved.Vectors[i]) * Mass(i / width, pairwise), 1e-4);

        moved = parameters(train(features, examples, (3, FactorStep.AdaGrad, Rate), start));
        var (biasAfter, weightsAfter, vectorsAfter) = Read(fixture.GetProperty("adagrad"));
        Assert.Equal(biasAfter, moved.Bias, 1e-5);
        for (var c = 0; c < weights.Length; c++) Assert.Equal(weightsAfter[c], moved.Weights[c], 1e-5f);
        for (var i = 0; i < vectors.Length; i++) Assert.Equal(vectorsAfter[i], moved.Vectors[i], 1e-5f);
    }

    // In a pair the user's features count half on either side.
    private static double Mass(int column, bool pairwise) => !pairwise
        ? Rows.Count(row => row[column] != 0)
        : Rows.Take(6).Count(row => row[column] != 0) * (column < UserColumns ? 0.5 : 1);

    private static (double Bias, float[] Weights, float[] Vectors) Read(JsonElement element) => (
        element.GetProperty("bias")[0].GetDouble(), Array.ConvertAll(Numbers(element.GetProperty("weights")), w => (float)w),
        Array.ConvertAll(Numbers(element.GetProperty("vectors")), v => (float)v));

    private static double[] Numbers(JsonElement element) => [.. element.EnumerateArray().Select(number => number.GetDouble())];

    private delegate ReadOnlySpan<float> VectorOf(int column);

    private static float[] Vectors(int count, VectorOf vector)
        => [.. Enumerable.Range(0, count).SelectMany(column => vector(column).ToArray())];

    private static string Name(int column) => $"x{column}";
}

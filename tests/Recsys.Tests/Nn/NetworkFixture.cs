using System.Text.Json;
using Recsys.Features;
using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>Weights, output and gradients of a network of PyTorch: made by the scripts in Oracles.</summary>
internal sealed class NetworkFixture
{
    private static readonly int[] A = [0, 1, 2, 0, 1, 2, 0, 0, 0, 1], B = [3, 2, 1, 0, 0, 1, 1, 2, 3, 3];
    private static readonly int[][] Tags = [[0], [1, 2], [], [3, 0, 1], [2], [], [0], [1], [2], [3]];
    private static readonly float[] Labels = [1, 0, 1, 1, 0, 0, 1, 0, 1, 0];
    private readonly Dictionary<string, double[]> _weights, _gradients;

    public NetworkFixture(string name)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Oracles", "networks", name + ".json")));
        _weights = Read("weights");
        _gradients = Read("gradients");
        Output = Numbers(file.RootElement.GetProperty("output"));

        Dictionary<string, double[]> Read(string part)
            => file.RootElement.GetProperty(part).EnumerateObject().ToDictionary(p => p.Name, p => Numbers(p.Value));

        static double[] Numbers(JsonElement e) => [.. e.EnumerateArray().Select(v => v.GetDouble())];
    }

    public double[] Output { get; }

    public double[] this[string weights] => _weights[weights];

    /// <summary>The ten examples of the script, with an empty list of tags among them.</summary>
    public static (FeatureSet Features, Examples Examples) Data()
    {
        var table = Columns.From(Enumerable.Range(0, 10))
            .Text("a", i => $"a{A[i]}").Text("b", i => $"b{B[i]}").List("tags", i => Tags[i].Select(t => $"t{t}"))
            .Number("click", i => Labels[i]).Build();
        var features = new FeatureSchema(Feature.Category("a", Side.Context), Feature.Category("b", Side.Context),
            Feature.MultiCategory("tags", Side.Context), Feature.Label("click")).Fit(contexts: table);
        return (features, features.Examples(table));
    }

    /// <summary>Gives a model the script's weights and compares its logits and the gradients of the summed log loss.</summary>
    public static void Check<TModel, TOptions>(string name, TOptions options)
        where TModel : NeuralRanker<TModel, TOptions>, INetwork<TModel, TOptions>
        where TOptions : class, INetworkOptions<TOptions>, new()
    {
        var fixture = new NetworkFixture(name);
        var (features, examples) = Data();
        var model = TModel.Create(ParameterScope.Initialise(1), features.Schema, options);
        var batch = features.CreateBatch(10);
        features.Assemble(examples, 0, 10, batch);
        var rows = RowsOf(batch);
        fixture.Give(model.Parameters, rows);

        var (tape, sink) = (new Tape(TapeMode.Differentiate), new ShardGradients(model.Parameters));
        tape.Sink = sink;
        var z = model.LogitOf(tape, batch);
        Close(fixture.Output, z.Values, "the logits");
        tape.Backward(z.LogLoss(batch.Label()));
        fixture.CheckGradients(model.Parameters, sink, rows);
    }

    /// <summary>Gives a layer on sequences of lengths 3, 0, 4 and 1, padded to 4, the script's weights and compares output and gradients.</summary>
    public static void Check(string name, Func<ParameterScope, Func<NetworkFixture, Tensor, Segments, Tensor>> create)
    {
        var fixture = new NetworkFixture(name);
        var scope = ParameterScope.Initialise(1);
        var x = scope.Parameter("x", Initializer.Zeros, 4, 4, 6);
        var of = create(scope);
        fixture.Give(scope.Parameters, []);
        var (tape, sink) = (new Tape(TapeMode.Differentiate), new ShardGradients(scope.Parameters));
        tape.Sink = sink;
        int[] lengths = [3, 0, 4, 1];
        var y = of(fixture, tape.Use(x), Segments.Padded(tape, lengths, 4));
        var d = y.Shape[2];
        var weights = new float[y.Shape.Length];
        var used = new float[y.Shape.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            if (i / d % 4 >= lengths[i / d / 4]) continue;
            weights[i] = (float)Math.Cos(i);
            used[i] = y.Values[i];
        }
        Close(fixture.Output, used, "the output");
        tape.Backward(WeightedOutput.Of(y, weights));
        fixture.CheckGradients(scope.Parameters, sink, []);
    }

    private void Give(ParameterSet parameters, int[] rows)
    {
        Assert.Equal(_weights.Keys.Order(StringComparer.Ordinal),
            parameters.Dense.Select(p => p.Name).Concat(parameters.Tables.Select(t => t.Name)).Order(StringComparer.Ordinal));
        foreach (var parameter in parameters.Dense)
        {
            Assert.Equal(_weights[parameter.Name].Length, parameter.Shape.Length);
            for (var i = 0; i < parameter.Shape.Length; i++) parameter.Mutable[i] = (float)_weights[parameter.Name][i];
        }
        foreach (var table in parameters.Tables)
            for (var row = 0; row < rows.Length; row++)
                for (var i = 0; i < table.Dimension; i++)
                    table.Mutable[rows[row] * table.Dimension + i] = (float)_weights[table.Name][row * table.Dimension + i];
    }

    private void CheckGradients(ParameterSet parameters, ShardGradients sink, int[] rows)
    {
        foreach (var parameter in parameters.Dense)
        {
            var gradient = sink.Touched(parameter.Index) ? sink.Dense(parameter, out _).Span : new float[parameter.Shape.Length];
            Close(_gradients[parameter.Name], gradient, $"the gradient of {parameter.Name}");
        }
        foreach (var table in parameters.Tables)
        {
            var (gradients, slots, d) = (new float[table.Rows * table.Dimension], new int[table.Rows], table.Dimension);
            sink.Rows(table).Group();
            for (var part = 0; part < RowGradients.Parts; part++)
            {
                var sums = new RowSums(table, slots);
                sink.Rows(table).AddTo(sums, part);
                for (var k = 0; k < sums.Count; k++) sums[k].CopyTo(gradients.AsSpan(sums.Rows[k] * d));
            }
            Close(_gradients[table.Name], rows.SelectMany(row => gradients.AsSpan(row * d, d).ToArray()).ToArray(), $"the gradient of {table.Name}");
        }
    }

    // The row of the table for each of a0..a2, b0..b3, t0..t3: encoders choose the codes.
    private static int[] RowsOf(ExampleBatch batch)
    {
        var (first, rows) = (0, new int[11]);
        for (var f = 0; f < 2; f++)
        {
            var feature = batch.Schema.Inputs[f];
            for (var i = 0; i < 10; i++) rows[f == 0 ? A[i] : 3 + B[i]] = first + batch.Category(feature.Index)[i];
            first += feature.Cardinality;
        }
        var tags = batch.MultiCategory(batch.Schema.Inputs[2].Index);
        for (var i = 0; i < 10; i++)
            if (Tags[i].Length == 1) rows[7 + Tags[i][0]] = first + tags[i][0];
        return rows;
    }

    private static void Close(double[] expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 2e-5 * Math.Max(1, Math.Abs(expected[i])),
                $"Of {what}, {i}: PyTorch says {expected[i]:R}, here it is {actual[i]:R}.");
    }
}

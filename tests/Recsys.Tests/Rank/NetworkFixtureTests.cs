using System.Text.Json;
using Recsys.Features;
using Recsys.Nn;
using Recsys.Rank;
using Recsys.Tests.Nn;

namespace Recsys.Tests.Rank;

/// <summary>Outputs and gradients of each network against PyTorch; Oracles/networks.py made the fixture.</summary>
public sealed class NetworkFixtureTests
{
    private static readonly JsonElement Fixture = JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Oracles", "networks", "networks.json"))).RootElement;

    public static TheoryData<string> Cases => [.. Fixture.EnumerateObject().Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_and_gradients_are_those_of_PyTorch(string name)
    {
        var expected = Fixture.GetProperty(name);
        var (features, examples) = Data();
        var batch = features.CreateBatch(5);
        features.Assemble(examples, 0, 5, batch);
        var (parameters, output) = Network(name, features.Schema);
        foreach (var parameter in parameters.DenseList) Fill(parameter.Name, parameter.Mutable);
        foreach (var table in parameters.TableList) Fill(table.Name, table.Mutable);

        var sink = new ShardGradients(parameters);
        var tape = new Tape(name.EndsWith("train", StringComparison.Ordinal) ? TapeMode.Train : TapeMode.Differentiate) { Sink = sink };
        var z = output(tape, batch);
        var loss = name.EndsWith("value", StringComparison.Ordinal) ? z.SquaredError(batch.Label()) : z.LogLoss(batch.Label());
        tape.Backward(loss);

        Same("outputs", Numbers(expected.GetProperty("outputs")), z.Values);
        Assert.Equal(expected.GetProperty("loss").GetDouble(), loss.Values.ToArray().Sum(v => (double)v), 1e-4);
        var gradients = expected.GetProperty("gradients");
        string[] names =
            [.. parameters.DenseList.Where(p => !p.IsStatistic).Select(p => p.Name), .. parameters.TableList.Select(t => t.Name)];
        Assert.Equal(gradients.EnumerateObject().Select(g => g.Name).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
        foreach (var parameter in parameters.DenseList)
            if (!parameter.IsStatistic)
                Same(parameter.Name, Numbers(gradients.GetProperty(parameter.Name)), sink.Dense(parameter, out _).Span);
        foreach (var table in parameters.TableList)
        {
            var sums = new float[table.Mutable.Length];
            OpCheck.AddRows(sink.Rows(table), sums);
            Same(table.Name, Numbers(gradients.GetProperty(table.Name)), sums);
        }
    }

    private static (ParameterSet, Func<Tape, ExampleBatch, Tensor>) Network(string name, FittedSchema schema)
    {
        var scope = ParameterScope.Initialise(1);
        var part = name.Split('-');
        switch (part[0])
        {
            case "dnn":
                var kind = part.Length == 1 ? Activation.Relu : part[1] == "norm" ? (part.Length > 2 ? Activation.Tanh : Activation.Sigmoid)
                    : Enum.Parse<Activation>(part[1]);
                var norm = name.Contains("norm", StringComparison.Ordinal);
                var dnn = Dnn.Create(scope, schema, new() { Dimension = 3, Hidden = [6, 4], Activation = kind, BatchNorm = norm });
                return (dnn.Parameters, dnn.LogitOf);
            case "deepfm":
                var deepFm = DeepFm.Create(scope, schema, new() { Dimension = 3, Hidden = [6, 4] });
                return (deepFm.Parameters, deepFm.LogitOf);
            case "wide":
                var wide = WideDeep.Create(scope, schema, new() { Dimension = 3, Hidden = [6, 4] });
                return (wide.Parameters, wide.LogitOf);
            case "nfm":
                var nfm = Nfm.Create(
                    scope, schema, new() { Dimension = 3, Hidden = [6, 4], BatchNorm = true, Output = NetworkOutput.Value });
                return (nfm.Parameters, nfm.LogitOf);
            case "pnn":
                var product = Enum.Parse<PnnProduct>(part[1]);
                var pnn = Pnn.Create(scope, schema, new() { Dimension = 3, Hidden = [6, 4], Product = product });
                return (pnn.Parameters, pnn.LogitOf);
            default:
                var dcn = DcnV2.Create(scope, schema,
                    new() { Dimension = 3, Hidden = [6, 4], Parallel = name == "dcn-parallel", Rank = name == "dcn-rank" ? 2 : 0 });
                return (dcn.Parameters, dcn.LogitOf);
        }
    }

    private static (FeatureSet, Examples) Data()
    {
        double?[] a = [0, 1, 2, 3, null], b = [1, 0, null, 2, 1], price = [0.5, -1, null, 2, 0.25];
        string[][] tags = [["t1"], ["t1", "t2"], [], ["t2", "t3"], ["t3"]];
        double[] clicks = [1, 0, 1, 1, 0];
        var table = Columns.From(Enumerable.Range(0, 5)).Number("a", i => a[i]).Number("b", i => b[i]).Number("price", i => price[i])
            .List("tags", i => tags[i]).Number("click", i => clicks[i]).Build();
        var features = new FeatureSchema(
            Feature.Buckets("a", Side.Context, [0.5, 1.5, 2.5]), Feature.Number("price", Side.Context),
            Feature.Buckets("b", Side.Context, [0.5, 1.5]),
            Feature.MultiCategory("tags", Side.Context), Feature.Cross("ab", ["a", "b"]), Feature.Label("click")).Fit(contexts: table);
        return (features, features.Examples(table));
    }

    private static void Fill(string name, Span<float> values)
    {
        var shift = 0.01 * name.Sum(c => c);
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)(0.4 * Math.Sin(1 + 0.7 * i + shift) + (name.EndsWith("variance", StringComparison.Ordinal) ? 1 : 0));
    }

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetDouble())];

    private static void Same(string what, double[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 3e-5 * (1 + Math.Abs(expected[i])),
                $"{what}[{i}] is {actual[i]}; PyTorch says {expected[i]}.");
    }
}

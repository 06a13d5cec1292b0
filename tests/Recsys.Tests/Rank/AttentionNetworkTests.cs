using Recsys.Features;
using Recsys.Nn;
using Recsys.Rank;
using Recsys.Tests.Nn;

namespace Recsys.Tests.Rank;

/// <summary>AutoInt, AFM, DeepFFM and FAT-DeepFFM: against PyTorch, and gradients of the whole with a smooth activation.</summary>
public sealed class AttentionNetworkTests
{
    private static readonly AutoIntOptions Small = new() { Dimension = 4, Layers = 2, Heads = 2, HeadWidth = 3 };

    [Fact]
    public void AutoInt_is_that_of_PyTorch()
    {
        NetworkFixture.Check<AutoInt, AutoIntOptions>("autoint", Small);
        NetworkFixture.Check<AutoInt, AutoIntOptions>("autoint-reference",
            AutoIntOptions.Reference with { Dimension = 4, Layers = 2, Heads = 2, HeadWidth = 3 });
        NetworkFixture.Check<AutoInt, AutoIntOptions>("autoint-deep", Small with { Residual = false, Hidden = [5] });
    }

    [Fact]
    public void Afm_is_that_of_PyTorch() => NetworkFixture.Check<Afm, AfmOptions>("afm", new() { Dimension = 4, AttentionWidth = 3 });

    [Fact]
    public void DeepFfm_is_that_of_PyTorch()
    {
        NetworkFixture.Check<DeepFfm, DeepFfmOptions>("deepffm", new() { Dimension = 4, Hidden = [5] });
        NetworkFixture.Check<DeepFfm, DeepFfmOptions>("deepffm-inner", new() { Dimension = 4, Hidden = [5], Product = PairProduct.Inner });
    }

    [Fact]
    public void FatDeepFfm_is_that_of_PyTorch()
    {
        NetworkFixture.Check<FatDeepFfm, FatDeepFfmOptions>("fat-deepffm", new() { Dimension = 4, Hidden = [5], Reduction = 2 });
        NetworkFixture.Check<FatDeepFfm, FatDeepFfmOptions>("fat-deepffm-inner-by-field",
            new() { Dimension = 4, Hidden = [5], Reduction = 2, ComposeByField = true, Product = PairProduct.Inner });
    }

    [Fact]
    public void The_gradient_of_each_whole_network_is_that_of_differences()
    {
        Differences<AutoInt, AutoIntOptions>(Small with { Activation = Activation.Tanh });
        Differences<AutoInt, AutoIntOptions>(Small with { Activation = Activation.Tanh, Scaled = true, LayerNorm = true, Hidden = [3] });
        Differences<Afm, AfmOptions>(new() { Dimension = 4, AttentionWidth = 3, Activation = Activation.Tanh });
        Differences<DeepFfm, DeepFfmOptions>(new() { Dimension = 3, Hidden = [4], Activation = Activation.Tanh });
        Differences<FatDeepFfm, FatDeepFfmOptions>(new() { Dimension = 3, Hidden = [4], Activation = Activation.Tanh, ComposeByField = true });
    }

    [Fact]
    public void Attention_maps_of_AutoInt_are_readable_layer_by_layer()
    {
        var (features, examples) = NetworkFixture.Data();
        var model = AutoInt.Train(features, examples, Small with { Training = new() { Epochs = 1 } });
        var batch = features.CreateBatch(10);
        features.Assemble(examples, 0, 10, batch);
        for (var layer = 0; layer < 2; layer++)
        {
            var maps = model.AttentionMaps(batch, layer);
            Assert.Equal(10 * 2 * 3 * 3, maps.Length);
            foreach (var row in maps.Chunk(3)) Assert.Equal(1, row.Sum(), 5);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => model.AttentionMaps(batch, 2));
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AutoIntOptions { Layers = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AutoIntOptions { Heads = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AutoIntOptions { HeadWidth = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AfmOptions { AttentionWidth = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DeepFfmOptions { Product = (PairProduct)7 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FatDeepFfmOptions { Reduction = 0 });
        var lone = new FeatureSchema(Feature.Category("a", Side.Context), Feature.Label("click"))
            .Fit(contexts: Columns.From(Enumerable.Range(0, 2)).Text("a", i => $"{i}").Number("click", i => i).Build());
        var error = Assert.Throws<ArgumentException>(() => DeepFfm.Create(ParameterScope.Initialise(1), lone.Schema, new()));
        Assert.Contains("1 inputs", error.Message, StringComparison.Ordinal);
    }

    private static void Differences<TModel, TOptions>(TOptions options)
        where TModel : NeuralRanker<TModel, TOptions>, INetwork<TModel, TOptions>
        where TOptions : class, INetworkOptions<TOptions>, new()
    {
        const float Step = 1f / 128;
        var (features, examples) = NetworkFixture.Data();
        var model = TModel.Create(ParameterScope.Initialise(2), features.Schema, options);
        var batch = features.CreateBatch(10);
        features.Assemble(examples, 0, 10, batch);
        // Larger than they begin, so that every part matters.
        foreach (var table in model.Parameters.Tables)
            for (var i = 0; i < table.Mutable.Length; i++) table.Mutable[i] = 0.6f * MathF.Sin(i * i + 1);
        var (tape, sink) = (new Tape(TapeMode.Differentiate), new ShardGradients(model.Parameters));
        tape.Sink = sink;
        tape.Backward(model.LogitOf(tape, batch).LogLoss(batch.Label()));
        var serving = new Tape();
        foreach (var parameter in model.Parameters.Dense)
        {
            var gradient = sink.Dense(parameter, out _).Span;
            for (var i = 0; i < parameter.Shape.Length; i += Math.Max(1, parameter.Shape.Length / 7))
            {
                var value = parameter.Mutable[i];
                parameter.Mutable[i] = value + Step;
                var up = Loss();
                parameter.Mutable[i] = value - Step;
                var difference = (up - Loss()) / (2 * Step);
                parameter.Mutable[i] = value;
                Assert.True(Math.Abs(difference - gradient[i]) <= 2e-3 * (1 + Math.Abs(difference)),
                    $"{typeof(TModel).Name}: ∂/∂{parameter.Name}[{i}] is {gradient[i]}; differences say {difference}.");
            }
        }

        double Loss()
        {
            serving.Reset();
            var sum = 0.0;
            foreach (var loss in model.LogitOf(serving, batch).LogLoss(batch.Label()).Values) sum += loss;
            return sum;
        }
    }
}

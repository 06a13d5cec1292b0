using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>Values and gradients of PyTorch with every option, on sequences one of which is empty.</summary>
public sealed class MultiHeadAttentionTests
{
    private static readonly Dictionary<string, MultiHeadAttentionOptions> Options = new()
    {
        ["plain"] = new() { HeadWidth = 3 },
        ["post"] = new()
        {
            HeadWidth = 3,
            Bias = true,
            Residual = AttentionResidual.Identity,
            OutputProjection = true,
            Norm = AttentionNorm.After,
            ProjectionActivation = Activation.Relu,
        },
        ["pre"] = new()
        {
            HeadWidth = 3,
            Bias = true,
            Residual = AttentionResidual.Identity,
            OutputProjection = true,
            Norm = AttentionNorm.Before,
            Causal = true,
        },
        ["projected"] = new()
        {
            HeadWidth = 3,
            Bias = true,
            Residual = AttentionResidual.Projection,
            ProjectionActivation = Activation.Tanh,
            Scaled = false,
            Activation = Activation.Relu,
        },
        ["fused"] = new() { HeadWidth = 3, Bias = true, Residual = AttentionResidual.Projection, Activation = Activation.Relu, Causal = true },
        ["output"] = new() { HeadWidth = 3, Residual = AttentionResidual.Projection, OutputProjection = true, Activation = Activation.Tanh },
    };

    public static TheoryData<string> Names => [.. Options.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_that_of_PyTorch(string name) => NetworkFixture.Check("attention-" + name, scope =>
    {
        var layer = new MultiHeadAttention(scope.Scope("layer"), 6, Options[name]);
        return (_, x, lengths) => layer.Of(x, lengths);
    });

    [Fact]
    public void Rows_may_attend_to_others() => NetworkFixture.Check("attention-cross", scope =>
    {
        var queries = scope.Parameter("queries", Initializer.Zeros, 4, 4, 6);
        var layer = new MultiHeadAttention(scope.Scope("layer"), 6,
            new() { HeadWidth = 3, Residual = AttentionResidual.Identity, Norm = AttentionNorm.Before });
        return (_, x, lengths) => layer.Of(x.Tape.Use(queries), x, lengths);
    });

    [Fact]
    public void Maps_are_readable_and_sum_to_1_over_the_keys_in_use()
    {
        var layer = new MultiHeadAttention(ParameterScope.Initialise(1), 6, Options["fused"]);
        var tape = new Tape();
        var x = tape.Constant(new Shape(2, 3, 6), [.. Enumerable.Range(0, 36).Select(i => MathF.Sin(i))]);
        layer.Of(x, Segments.Padded(tape, [2, 0], 3), out var attention);
        var maps = attention.AttentionMaps();   // [2, 2, 3, 3]
        Assert.Equal(36, maps.Length);
        for (var row = 0; row < 12; row++)
        {
            var line = maps.Slice(row * 3, 3).ToArray();
            Assert.Equal(row < 6 ? 1 : 0, line.Sum(), 5);
            Assert.Equal(0, line[2]);
            if (row % 3 == 0) Assert.Equal(0, line[1]);
        }
        Assert.Throws<ArgumentException>(() => x.AttentionMaps().Length);
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MultiHeadAttentionOptions { Heads = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new MultiHeadAttentionOptions { HeadWidth = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new MultiHeadAttentionOptions { Norm = (AttentionNorm)9 });
        var error = Assert.Throws<ArgumentException>(
            () => new MultiHeadAttention(ParameterScope.Initialise(1), 5, new() { HeadWidth = 3, Residual = AttentionResidual.Identity }));
        Assert.Contains("2 heads of 3", error.Message, StringComparison.Ordinal);
    }
}

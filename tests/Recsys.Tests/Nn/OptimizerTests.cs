using Recsys.Nn;
using Recsys.Numerics;

namespace Recsys.Tests.Nn;

/// <summary>Each optimizer against its formula in double, over lengths that fill registers and lengths that don't.</summary>
public sealed class OptimizerTests
{
    private static readonly Rng Random = new(11);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(37)]
    public void Adam_follows_its_formula(int length) => Check(length, new Adam { LearningRate = 0.1f, WeightDecay = 0.03f }, (w, g, s, t) =>
    {
        g += 0.03 * w;
        s[0] = 0.9 * s[0] + 0.1 * g;
        s[1] = 0.999 * s[1] + 0.001 * g * g;
        return w - 0.1 * s[0] / (1 - Math.Pow(0.9, t)) / (Math.Sqrt(s[1] / (1 - Math.Pow(0.999, t))) + 1e-8);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(37)]
    public void AdamW_decays_apart_from_the_gradient(int length) => Check(length, new AdamW { LearningRate = 0.1f, WeightDecay = 0.3f }, (w, g, s, t) =>
    {
        s[0] = 0.9 * s[0] + 0.1 * g;
        s[1] = 0.999 * s[1] + 0.001 * g * g;
        return w * (1 - 0.1 * 0.3) - 0.1 * s[0] / (1 - Math.Pow(0.9, t)) / (Math.Sqrt(s[1] / (1 - Math.Pow(0.999, t))) + 1e-8);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(37)]
    public void Plain_descent(int length)
        => Check(length, new Sgd { LearningRate = 0.1f, WeightDecay = 0.2f }, (w, g, _, _) => w - 0.1 * (g + 0.2 * w));

    [Theory]
    [InlineData(1, false)]
    [InlineData(16, true)]
    [InlineData(37, false)]
    [InlineData(37, true)]
    public void Momentum_with_and_without_looking_ahead(int length, bool nesterov)
        => Check(length, new Sgd { LearningRate = 0.1f, Momentum = 0.8f, Nesterov = nesterov, WeightDecay = 0.2f }, (w, g, s, _) =>
        {
            g += 0.2 * w;
            s[0] = 0.8 * s[0] + g;
            return w - 0.1 * (nesterov ? g + 0.8 * s[0] : s[0]);
        });

    private static void Check(int length, Optimizer optimizer, Func<double, double, double[], int, double> formula)
    {
        var scope = ParameterScope.Initialise(1);
        var weights = scope.Parameter("w", Initializer.Normal(1), length);
        var states = new OptimizerStates(scope.Parameters, optimizer);
        double[] expected = [.. weights.Values.ToArray().Select(w => (double)w)];
        var memory = expected.Select(_ => new double[2]).ToArray();
        var gradient = new float[length];
        for (var step = 1; step <= 5; step++)
        {
            Random.FillNormal((ulong)(step * 1000), gradient);
            states.Begin(1);
            states.Update(weights, 0, length, gradient);
            for (var i = 0; i < length; i++) expected[i] = formula(expected[i], gradient[i], memory[i], step);
        }
        for (var i = 0; i < length; i++) Assert.Equal(expected[i], weights.Values[i], 2e-5);
    }

    [Fact]
    public void A_row_that_is_not_touched_keeps_its_weights_and_its_state()
    {
        var scope = ParameterScope.Initialise(1);
        var table = scope.Table("t", 40, 3, Initializer.Normal(1));
        var before = table.Mutable.ToArray();
        var states = new OptimizerStates(scope.Parameters, new Adam { WeightDecay = 0.1f });
        var sums = new RowSums(table, new int[40]);
        sums.Add(7, [1, 2, 3], 1);
        sums.Add(32, [1, 1, 1], 2);
        sums.Add(7, [1, 0, 0], -0.5f);
        Assert.Equal([7, 32], sums.Rows.ToArray());
        Assert.Equal([0.5f, 2, 3, 2, 2, 2], sums.All.ToArray());
        states.Begin(1);
        states.Update(table, sums);
        for (var i = 0; i < before.Length; i++) Assert.Equal(i / 3 is 7 or 32, before[i] != table.Mutable[i]);
        sums.Clear();
        sums.Add(8, [1, 1, 1], 1);
        Assert.Equal([8], sums.Rows.ToArray());
    }

    [Fact]
    public void Bad_rates_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam { LearningRate = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam { Beta1 = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd { Momentum = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW { WeightDecay = float.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainerOptions { ClipNorm = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainerOptions { BatchSize = 0 });
    }
}

using Recsys.Nn;
using Recsys.Numerics;

namespace Recsys.Tests.Nn;

/// <summary>Optimizers with a rate for each weight, against their printed updates in double.</summary>
[KernelTests]
public sealed class AdaptiveOptimizerTests
{
    public static TheoryData<int> Lengths => [1, 7, 16, 37];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Adagrad(int length) => Check(new Adagrad { LearningRate = 0.05f, WeightDecay = 0.2f }, length, (w, g, sum, _, _) =>
    {
        g += 0.2 * w;
        sum += g * g;
        return (w - 0.05 * g / (Math.Sqrt(sum) + 1e-10), sum, 0);
    });

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Ftrl(int length) => Check(new Ftrl { LearningRate = 0.3f, L1 = 0.4f, L2 = 0.1f, Beta = 0.5f }, length, (w, g, z, n, _) =>
    {
        var s = (Math.Sqrt(n + g * g) - Math.Sqrt(n)) / 0.3;
        z += g - s * w;
        n += g * g;
        return (Math.Abs(z) <= 0.4 ? 0 : -(z - Math.Sign(z) * 0.4) / ((0.5 + Math.Sqrt(n)) / 0.3 + 0.1), z, n);
    });

    [Fact]
    public void Ftrl_holds_weights_of_weak_gradients_at_exactly_zero()
    {
        var (weights, sums, squares) = (new float[2], new float[2], new float[2]);
        var ftrl = new Ftrl { LearningRate = 0.1f, L1 = 1 };
        for (var t = 1; t <= 50; t++)
            ftrl.Update(weights, [0.1f * (t % 2 == 0 ? 1 : -1), 0.5f], sums, squares, new OptimizerStep(t, 0.1f, 0, 0));
        Assert.Equal(0, weights[0]);
        Assert.True(weights[1] < 0);
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Ftrl { L1 = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Ftrl { L2 = float.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Ftrl { Beta = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adagrad { InitialAccumulator = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adagrad { Epsilon = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adagrad { LearningRate = 0 });
    }

    private static void Check(
        Optimizer optimizer, int length, Func<double, double, double, double, long, (double, double, double)> update)
    {
        var states = Enumerable.Range(0, 2).Select(s => s < optimizer.StateCount
            ? Enumerable.Repeat(optimizer.InitialState(s), length).ToArray() : []).ToArray();
        var zero = optimizer is Ftrl;
        float[] weights = [.. Enumerable.Range(0, length).Select(i => zero ? 0 : 0.1f * (i % 5 - 2))];
        double State(int s, int i) => states[s].Length > 0 ? states[s][i] : 0;
        var twin = weights.Select((w, i) => ((double)w, State(0, i), State(1, i))).ToArray();
        var rng = new Rng(6);
        for (var t = 1; t <= 30; t++)
        {
            var gradient = new float[length];
            rng.Stream((ulong)t).FillNormal(0, gradient);
            optimizer.Update(weights, gradient, states[0], states[1], new OptimizerStep(t, optimizer.LearningRate, 0, 0));
            for (var i = 0; i < length; i++)
            {
                twin[i] = update(twin[i].Item1, gradient[i], twin[i].Item2, twin[i].Item3, t);
                Assert.Equal(twin[i].Item1, weights[i], 1e-4);
            }
        }
    }
}

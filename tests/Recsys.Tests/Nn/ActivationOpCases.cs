using Recsys.Nn;
using Recsys.Numerics;

namespace Recsys.Tests.Nn;

/// <summary>Functions of each element, and dropout.</summary>
internal sealed class ActivationOpCases : OpCases
{
    public override IEnumerable<OpCase> All()
    {
        foreach (var sizes in (int[][])[[3], [5, 37], [2, 3, 4]])
        {
            var shape = $"{new Shape(sizes)}";
            yield return Case<Relu>(shape, [Drawn(sizes)], x => x[0].Relu(), x => Each(x[0], v => Math.Max(v, 0)));
            yield return Case<Sigmoid>(shape, [Drawn(sizes)], x => x[0].Sigmoid(), x => Each(x[0], Sigma));
            yield return Case<Tanh>(shape, [Drawn(sizes)], x => x[0].Tanh(), x => Each(x[0], Math.Tanh));
            yield return Case<Gelu>(shape, [Drawn(sizes)], x => x[0].Gelu(), x => Each(x[0], v => v * Normal(v)));
            yield return Case<PRelu>($"{shape}, a slope for each column", [Drawn(sizes), Drawn(sizes[^1])], x => x[0].PRelu(x[1]),
                x => [.. x[0].Select((v, k) => v > 0 ? v : x[1][k % sizes[^1]] * v)]);
            yield return Case<PRelu>($"{shape}, one slope", [Drawn(sizes), Drawn(1)], x => x[0].PRelu(x[1]),
                x => [.. x[0].Select(v => v > 0 ? v : x[1][0] * v)]);
            yield return Case<DiceGate>(shape, [Drawn(sizes), Drawn(sizes), Drawn(sizes[^1])], x => x[0].Dice(x[1], x[2]),
                x => [.. x[0].Select((v, k) => Sigma(x[1][k]) * v + (1 - Sigma(x[1][k])) * x[2][k % sizes[^1]] * v)]);
            yield return Case<Dropout>($"{shape}, training", [Drawn(sizes)], x => x[0].Dropout(0.4f), x => Masked(x[0], 0.4f, 0),
                TapeMode.Train);
        }
        float[] far = [-30, -6, -3, -1.5f, 1.5f, 3, 6, 30];
        yield return Case<Gelu>("far from 0", [Given([8], far)], x => x[0].Gelu(), x => Each(x[0], v => v * Normal(v)));
        yield return Case<Tanh>("far from 0", [Given([8], far)], x => x[0].Tanh(), x => Each(x[0], Math.Tanh));
        yield return Case<Sigmoid>("far from 0", [Given([8], far)], x => x[0].Sigmoid(), x => Each(x[0], Sigma));
        yield return Case<Dropout>("of many, and a second mask", [Drawn(6, 50)], x => x[0].Dropout(0.5f).Dropout(0.25f),
            x => Masked(Masked(x[0], 0.5f, 0), 0.25f, 1), TapeMode.Train);
    }

    private static double[] Masked(double[] x, float probability, ulong draw)
    {
        var rng = default(Rng).Stream(draw);
        var threshold = (ulong)MathF.Round(probability * 65536);
        bool Dropped(int i) => (rng.Bits((ulong)i / 4) >> (16 * (i % 4)) & 0xFFFF) < threshold;
        return [.. x.Select((v, i) => Dropped(i) ? 0 : v * 65536 / (65536 - threshold))];
    }

    private static double[] Each(double[] x, Func<double, double> f) => [.. x.Select(f)];

    private static double Sigma(double v) => 1 / (1 + Math.Exp(-v));

    // The distribution function of the normal law by its series, or by its continued fraction far from 0.
    private static double Normal(double v)
    {
        var density = Math.Exp(-v * v / 2) / Math.Sqrt(2 * Math.PI);
        if (Math.Abs(v) > 4)
        {
            var fraction = 0.0;
            for (var k = 60; k > 0; k--) fraction = k / (Math.Abs(v) + fraction);
            var tail = density / (Math.Abs(v) + fraction);
            return v < 0 ? tail : 1 - tail;
        }
        var (term, sum) = (v, v);
        for (var k = 3; k < 200; k += 2) sum += term *= v * v / k;
        return 0.5 + density * sum;
    }
}

using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>The ops that every network uses.</summary>
internal sealed class FirstOpCases : OpCases
{
    public override IEnumerable<OpCase> All() => Leaves().Concat(Sums()).Concat(Products()).Concat(Layers()).Concat(Losses()).Concat(Lookups());

    private static IEnumerable<OpCase> Leaves()
    {
        yield return Case<Leaf>("a parameter", [Drawn(2, 3)], x => x[0], x => x[0]);
        yield return Case<Reshape>("other axes", [Drawn(4, 3)], x => x[0].Reshape(2, -1, 3), x => x[0]);
        yield return Case<Reshape>("a view of a view, used beside what it shows", [Drawn(4, 3)],
            x => x[0].Reshape(2, 6) * x[0].Reshape(6, 2).Reshape(2, 6), x => [.. x[0].Select(v => v * v)]);
        yield return Case<Reshape>("of what was computed, used beside it", [Drawn(4, 3)],
            x =>
            {
                var y = 2 * x[0];
                return y.Reshape(12) * y.Reshape(12) + y.Reshape(-1);
            },
            x => [.. x[0].Select(v => 4 * v * v + 2 * v)]);
    }

    private static IEnumerable<OpCase> Sums()
    {
        foreach (var (name, a, b) in Broadcasts())
        {
            yield return Case<Add>(name, [Drawn(a), Drawn(b)], x => x[0] + x[1], x => Each(x[0], x[1], (p, q) => p + q));
        }
        yield return Case<Subtract>("one shape", [Drawn(5, 21), Drawn(5, 21)], x => x[0] - x[1], x => Each(x[0], x[1], (p, q) => p - q));
        yield return Case<Affine>("a number times x", [Drawn(3, 7)], x => -2.5f * x[0], x => [.. x[0].Select(v => -2.5 * v)]);
        yield return Case<Affine>("x plus a number", [Drawn(3, 7)], x => x[0] + 1.5f, x => [.. x[0].Select(v => v + 1.5)]);
        yield return Case<Affine>("a number less x", [Drawn(3, 7)], x => 0.5f - x[0], x => [.. x[0].Select(v => 0.5 - v)]);
        yield return Case<Affine>("the negative", [Drawn(19)], x => -x[0], x => [.. x[0].Select(v => -v)]);
        foreach (var sizes in (int[][])[[5], [4, 1], [3, 37], [2, 3, 5], [2, 2, 2, 18]])
        {
            yield return Case<RowSum>($"of {new Shape(sizes)}", [Drawn(sizes)], x => x[0].RowSum(),
                x => [.. x[0].Chunk(sizes[^1]).Select(row => row.Sum())]);
        }
    }

    private static IEnumerable<OpCase> Products()
    {
        foreach (var (name, a, b) in Broadcasts())
            yield return Case<Multiply>(name, [Drawn(a), Drawn(b)], x => x[0] * x[1], x => Each(x[0], x[1], (p, q) => p * q));
        foreach (var (f, d) in ((int, int)[])[(1, 4), (2, 1), (5, 3), (3, 16), (4, 21)])
        {
            yield return Case<BiInteraction>($"{f} fields of {d}", [Drawn(3, f, d)], x => x[0].BiInteraction(), x =>
            {
                var y = new double[3 * d];
                for (var b = 0; b < 3; b++)
                    for (var i = 0; i < f; i++)
                        for (var j = i + 1; j < f; j++)
                            for (var k = 0; k < d; k++) y[b * d + k] += x[0][(b * f + i) * d + k] * x[0][(b * f + j) * d + k];
                return y;
            });
        }
    }

    private static IEnumerable<OpCase> Layers()
    {
        foreach (var relu in (bool[])[false, true])
        {
            var name = relu ? ", rectified" : "";
            yield return Case<LinearOp>($"with bias{name}", [Drawn(5, 7), Drawn(7, 19), Drawn(19)],
                x => LinearOp.Of(x[0], x[1], x[2], relu), x => Linear(x[0], x[1], x[2], 7, relu));
            yield return Case<LinearOp>($"without bias{name}", [Drawn(6, 3), Drawn(3, 2)],
                x => LinearOp.Of(x[0], x[1], null, relu), x => Linear(x[0], x[1], new double[2], 3, relu));
            yield return Case<LinearOp>($"of three axes{name}", [Drawn(2, 3, 4), Drawn(4, 5), Drawn(5)],
                x => LinearOp.Of(x[0], x[1], x[2], relu), x => Linear(x[0], x[1], x[2], 4, relu));
            yield return Case<LinearOp>($"of four axes and of one{name}", [Drawn(2, 2, 1, 4), Drawn(4, 4), Drawn(4)],
                x => LinearOp.Of(LinearOp.Of(x[0], x[1], x[2], relu), x[1], x[2], relu),
                x => Linear(Linear(x[0], x[1], x[2], 4, relu), x[1], x[2], 4, relu));
            yield return Case<LinearOp>($"of a vector{name}", [Drawn(4), Drawn(4, 3), Drawn(3)],
                x => LinearOp.Of(x[0], x[1], x[2], relu), x => Linear(x[0], x[1], x[2], 4, relu));
        }
    }

    private static IEnumerable<OpCase> Losses()
    {
        float[] labels = [0, 1, 1, 0, 0.25f], weights = [1, 2, 0.5f, 0, 3];
        yield return Case<LogLossOp>("without weights", [Drawn(5)], x => x[0].LogLoss(labels), x => LogLoss(x[0], labels, [1, 1, 1, 1, 1]));
        yield return Case<LogLossOp>("with weights", [Drawn(5, 1)], x => x[0].LogLoss(labels, weights), x => LogLoss(x[0], labels, weights));
        float[] ends = [0, 1, 0, 1];
        yield return Case<LogLossOp>("of far logits", [Given([4], 40, 40, -40, -30)], x => x[0].LogLoss(ends),
            x => LogLoss(x[0], ends, [1, 1, 1, 1]));
    }

    private static IEnumerable<OpCase> Lookups()
    {
        int[] rows = [4, 0, 4, 2, 4, 19], slots = [0, 1, 2, 1, 0, 2];
        float[] scales = [1, 0.5f, -2, 0.25f, 3, 0];
        foreach (var d in (int[])[1, 3, 16, 21])
        {
            foreach (var scaled in (bool[])[false, true])
            {
                var factors = scaled ? scales : [1, 1, 1, 1, 1, 1];
                yield return Case<Lookup>($"rows again, several to a slot, d = {d}{(scaled ? ", scaled" : "")}", [Table(20, d)],
                    x =>
                    {
                        var y = Lookup.Begin(x.Tape, x.Table(0), new Shape(4, d), 6, scaled, null, null, out var picks);
                        rows.CopyTo(picks.Rows);
                        slots.CopyTo(picks.Slots);
                        if (scaled) scales.CopyTo(picks.Scales);
                        Lookup.Finish(y, picks, 1);
                        return y;
                    },
                    x =>
                    {
                        var y = new double[4 * d];
                        for (var k = 0; k < rows.Length; k++)
                            for (var i = 0; i < d; i++) y[slots[k] * d + i] += factors[k] * x[0][rows[k] * d + i];
                        return y;
                    });
            }
        }
        foreach (var d in (int[])[1, 3, 16, 21])
        {
            yield return Case<Lookup>($"every slot once, d = {d}", [Table(20, d)],
                x =>
                {
                    var y = Lookup.Begin(x.Tape, x.Table(0), new Shape(3, d), 3, false, null, null, out var picks, once: true);
                    (picks.Rows[0], picks.Rows[1], picks.Rows[2]) = (19, 4, 4);
                    (picks.Slots[0], picks.Slots[1], picks.Slots[2]) = (2, 0, 1);
                    Lookup.Finish(y, picks, 1);
                    return y;
                },
                x => [.. ((int[])[4, 4, 19]).SelectMany(row => x[0].AsSpan(row * d, d).ToArray())]);
        }
        yield return Case<Lookup>("one table twice", [Table(6, 5)],
            x => Pick(x, 2, 5) * Pick(x, 5, 5),
            x => [.. Enumerable.Range(0, 10).Select(k => x[0][(k < 5 ? 2 : 5) * 5 + k % 5] * x[0][25 + k % 5])]);
        foreach (var d in (int[])[1, 3, 16, 21])
        {
            float[] values = [0.5f, -2, 0, 1, 3, -1];
            yield return Case<Lookup>($"two numbers beside a code, d = {d}", [Given([2, d], [.. Enumerable.Range(0, 2 * d).Select(i => i - 2.5f)]), Table(4, d)],
                x =>
                {
                    var y = Lookup.Begin(
                        x.Tape, x.Table(1), new Shape(3, 2, d), 1, false, x[0], x.Tape.Constant(new Shape(2, 3), values), out var picks);
                    (picks.Rows[0], picks.Slots[0]) = (2, 3);
                    (picks.NumberSlots[0], picks.NumberSlots[1]) = (0, 1);
                    Lookup.Finish(y, picks, 2);
                    return y;
                },
                x =>
                {
                    var y = new double[6 * d];
                    for (var k = 0; k < 6; k++)
                        for (var i = 0; i < d; i++) y[k * d + i] = values[k % 2 * 3 + k / 2] * x[0][k % 2 * d + i] + (k == 3 ? x[1][2 * d + i] : 0);
                    return y;
                });
        }
        yield return Case<Lookup>("nothing", [Table(2, 3)],
            x =>
            {
                var y = Lookup.Begin(x.Tape, x.Table(0), new Shape(2, 3), 0, false, null, null, out var picks);
                Lookup.Finish(y, picks, 1);
                return y;
            },
            _ => new double[6]);
    }

    private static Tensor Pick(OpCall x, int a, int b)
    {
        var y = Lookup.Begin(x.Tape, x.Table(0), new Shape(2, 5), 2, false, null, null, out var picks);
        (picks.Rows[0], picks.Rows[1], picks.Slots[0], picks.Slots[1]) = (a, b, 0, 1);
        Lookup.Finish(y, picks, 1);
        return y;
    }

    private static (string, int[], int[])[] Broadcasts() =>
    [
        ("one shape", [3, 37], [3, 37]), ("a row for each row", [5, 19], [19]), ("each row a row", [19], [5, 19]),
        ("a matrix for each matrix", [2, 3, 4], [3, 4]), ("a single number", [3, 5], []), ("for a single number", [1], [7]),
        ("one row of one", [6, 1], [1]), ("four axes", [2, 3, 2, 2], [2]),
    ];

    private static double[] Each(double[] x, double[] y, Func<double, double, double> f)
        => [.. Enumerable.Range(0, Math.Max(x.Length, y.Length)).Select(k => f(x[k % x.Length], y[k % y.Length]))];

    private static double[] Linear(double[] x, double[] w, double[] b, int inputs, bool relu)
    {
        var (rows, outputs) = (x.Length / inputs, b.Length);
        var y = new double[rows * outputs];
        for (var r = 0; r < rows; r++)
        {
            for (var o = 0; o < outputs; o++)
            {
                var sum = b[o];
                for (var i = 0; i < inputs; i++) sum += x[r * inputs + i] * w[i * outputs + o];
                y[r * outputs + o] = relu ? Math.Max(sum, 0) : sum;
            }
        }
        return y;
    }

    private static double[] LogLoss(double[] z, float[] labels, float[] weights)
        => [.. z.Select((v, i) => weights[i] * (Math.Max(v, 0) + Math.Log(1 + Math.Exp(-Math.Abs(v))) - labels[i] * v))];
}

using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>Norms, and how fields and tensors are put together.</summary>
internal sealed class StructureOpCases : OpCases
{
    public override IEnumerable<OpCase> All() => Joins().Concat(Norms()).Concat(Fields());

    private static IEnumerable<OpCase> Joins()
    {
        yield return Case<Concat>("two", [Drawn(3, 2), Drawn(3, 21)], x => InteractionOps.Concat(x[0], x[1]), x => Rows(3, x[0], x[1]));
        yield return Case<Concat>("one", [Drawn(2, 2, 3)], x => InteractionOps.Concat(x[0]), x => x[0]);
        yield return Case<Concat>("vectors", [Drawn(3), Drawn(4)], x => InteractionOps.Concat(x[0], x[1]), x => [.. x[0], .. x[1]]);
        yield return Case<Concat>("six of four axes", [Drawn(2, 1, 2, 3), Drawn(2, 1, 2, 3), Drawn(2, 1, 2, 1), Drawn(2, 1, 2, 2)],
            x => InteractionOps.Concat(x[0], x[3], x[1], x[2], x[0], x[3]), x => Rows(4, x[0], x[3], x[1], x[2], x[0], x[3]));
        foreach (var (start, length) in ((int, int)[])[(0, 3), (1, 2), (4, 1), (2, 0), (0, 5)])
        {
            yield return Case<Slice>($"{length} columns from {start}", [Drawn(4, 5)], x => x[0].Columns(start, length),
                x => [.. x[0].Chunk(5).SelectMany(row => row.Skip(start).Take(length))]);
        }
        yield return Case<Slice>("of a vector, beside another slice", [Drawn(5)], x => x[0].Columns(1, 3) * x[0].Columns(2, 3),
            x => [x[0][1] * x[0][2], x[0][2] * x[0][3], x[0][3] * x[0][4]]);
        yield return Case<Slice>("of three and four axes", [Drawn(2, 3, 4), Drawn(2, 1, 3, 4)],
            x => InteractionOps.Concat(x[0].Columns(1, 2).Reshape(-1), x[1].Columns(3, 1).Reshape(-1)),
            x => [.. x[0].Chunk(4).SelectMany(row => row[1..3]), .. x[1].Chunk(4).Select(row => row[3])]);
    }

    private static IEnumerable<OpCase> Norms()
    {
        foreach (var (rows, n) in ((int, int)[])[(6, 3), (5, 19), (2, 1)])
        {
            float[] mean = [.. Enumerable.Range(0, n).Select(i => 0.1f * i)];
            float[] variance = [.. Enumerable.Range(0, n).Select(i => 0.5f + 0.1f * i)];
            OpInput[] learned = [Drawn(rows, n), Drawn(n), Drawn(n), Statistic(mean), Statistic(variance)];
            yield return Case<BatchNormOp>($"training, {rows} rows of {n}", learned,
                x => BatchNormOp.Of(x[0], x[1], x[2], x.Statistic(3), x.Statistic(4), 0.1f, 1e-3f),
                x => Normalised(x[0], x[1], x[2], n, 1e-3),
                TapeMode.Train);
            yield return Case<BatchNormOp>($"running statistics, {rows} rows of {n}", learned,
                x => BatchNormOp.Of(x[0], x[1], x[2], x.Statistic(3), x.Statistic(4), 0.1f, 1e-3f),
                x => [.. x[0].Select((v, k) => x[1][k % n] * (v - mean[k % n]) / Math.Sqrt(variance[k % n] + 1e-3) + x[2][k % n])]);
            yield return Case<BatchNormOp>($"training, without scale and shift, {rows} rows of {n}",
                [Drawn(rows, n), Statistic(mean), Statistic(variance)],
                x => BatchNormOp.Of(x[0], null, null, x.Statistic(1), x.Statistic(2), 0.1f, 1e-2f),
                x => Normalised(x[0], [.. mean.Select(_ => 1.0)], new double[n], n, 1e-2), TapeMode.Train);
        }
        yield return Case<BatchNormOp>("one row", [Drawn(1, 4), Drawn(4), Drawn(4), Statistic(0, 0, 0, 0), Statistic(1, 1, 1, 1)],
            x => BatchNormOp.Of(x[0], x[1], x[2], x.Statistic(3), x.Statistic(4), 0.1f, 1e-3f), x => x[2], TapeMode.Train);
    }

    private static IEnumerable<OpCase> Fields()
    {
        foreach (var (f, d) in ((int, int)[])[(1, 4), (2, 1), (5, 3), (3, 16), (20, 4), (19, 21)])
        {
            var b = f > 10 ? 1 : 3;
            yield return Case<InnerProducts>($"{f} fields of {d}", [Drawn(b, f, d)], x => x[0].InnerProducts(), x =>
            {
                var y = new List<double>();
                for (var e = 0; e < b; e++)
                    for (var i = 0; i < f; i++)
                        for (var j = i + 1; j < f; j++)
                            y.Add(Enumerable.Range(0, d).Sum(k => x[0][(e * f + i) * d + k] * x[0][(e * f + j) * d + k]));
                return [.. y];
            });
            if (f > 10) continue;
            yield return Case<OuterProduct>($"{f} fields of {d}", [Drawn(b, f, d)], x => x[0].OuterProduct(), x =>
            {
                var y = new List<double>();
                for (var e = 0; e < b; e++)
                {
                    var s = Enumerable.Range(0, d).Select(k => Enumerable.Range(0, f).Sum(i => x[0][(e * f + i) * d + k])).ToArray();
                    foreach (var left in s) y.AddRange(s.Select(right => left * right));
                }
                return [.. y];
            });
        }
        foreach (var n in (int[])[1, 4, 19])
        {
            yield return Case<Cross>($"of {n}", [Drawn(3, n), Drawn(3, n), Drawn(n, n), Drawn(n)],
                x => Cross.Of(x[0], x[1], x[2], x[3]), x =>
            {
                var y = new double[3 * n];
                for (var k = 0; k < y.Length; k++)
                {
                    var sum = x[3][k % n];
                    for (var i = 0; i < n; i++) sum += x[1][k / n * n + i] * x[2][i * n + k % n];
                    y[k] = x[0][k] * sum + x[1][k];
                }
                return y;
            });
        }
    }

    private static double[] Rows(int rows, params double[][] parts)
        => [.. Enumerable.Range(0, rows).SelectMany(r => parts.SelectMany(p => p.Skip(r * (p.Length / rows)).Take(p.Length / rows)))];

    private static double[] Normalised(double[] x, double[] scale, double[] shift, int n, double epsilon)
    {
        var (y, rows) = (new double[x.Length], x.Length / n);
        for (var c = 0; c < n; c++)
        {
            var column = Enumerable.Range(0, rows).Select(r => x[r * n + c]).ToArray();
            var mean = column.Average();
            var variance = column.Sum(v => (v - mean) * (v - mean)) / rows;
            for (var r = 0; r < rows; r++) y[r * n + c] = scale[c] * (column[r] - mean) / Math.Sqrt(variance + epsilon) + shift[c];
        }
        return y;
    }
}

using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>Sequences of any length: pooling, softmax, repetition, padding; each with an empty sequence among them.</summary>
internal sealed class SequenceOpCases : OpCases
{
    private static readonly int[] Lengths = [2, 0, 4, 1], Offsets = [0, 2, 2, 6, 7];

    public override IEnumerable<OpCase> All() => Pools().Concat(Softmaxes()).Concat(Moves());

    private static IEnumerable<OpCase> Pools()
    {
        foreach (var d in (int[])[1, 3, 21])
        {
            foreach (var padded in (bool[])[false, true])
            {
                var input = padded ? Drawn(4, 5, d) : Drawn(7, d);
                var name = $"d = {d}{(padded ? ", padded" : "")}";
                yield return Case<SegmentPool>($"sum, {name}", [input], x => Of(x, padded).Sum(), x => Pool(x[0], d, padded, rows => rows.Sum()));
                yield return Case<SegmentPool>($"mean, {name}", [input], x => Of(x, padded).Mean(), x => Pool(x[0], d, padded, rows => rows.Average()));
                yield return Case<SegmentPool>($"max, {name}", [input], x => Of(x, padded).Max(), x => Pool(x[0], d, padded, rows => rows.Max()));
                yield return Case<SegmentPool>($"last, {name}", [input], x => Of(x, padded).Last(), x => Pool(x[0], d, padded, rows => rows[^1]));
                yield return Case<SegmentPool>($"weighted sum, {name}", [input, padded ? Drawn(4, 5) : Drawn(7)], x => Of(x, padded).WeightedSum(x[1]),
                    x => Pool([.. x[0].Select((v, i) => v * x[1][i / d])], d, padded, rows => rows.Sum()));
            }
        }
        yield return Case<SegmentPool>("all sequences empty", [Drawn(2, 3, 2)],
            x => new Sequences(x[0], Segments.Padded(x.Tape, [0, 0], 3)).Mean(), _ => new double[4]);
    }

    private static IEnumerable<OpCase> Softmaxes()
    {
        foreach (var d in (int[])[1, 3, 18])
        {
            foreach (var padded in (bool[])[false, true])
            {
                yield return Case<SegmentSoftmax>($"d = {d}{(padded ? ", padded" : "")}", [padded ? Drawn(4, 5, d) : Drawn(7, d)],
                    x => Of(x, padded).Softmax().Values, x =>
                    {
                        var y = new double[x[0].Length];
                        for (var b = 0; b < 4; b++)
                        {
                            for (var i = 0; i < d; i++)
                            {
                                var column = Enumerable.Range(Start(b, padded), Lengths[b]).Select(row => x[0][row * d + i]).ToArray();
                                var softmax = AttentionOpCases.SoftmaxOf(column, column.Length);
                                for (var k = 0; k < column.Length; k++) y[(Start(b, padded) + k) * d + i] = softmax[k];
                            }
                        }
                        return y;
                    });
            }
        }
    }

    private static IEnumerable<OpCase> Moves()
    {
        foreach (var d in (int[])[1, 5])
        {
            foreach (var padded in (bool[])[false, true])
            {
                yield return Case<SegmentRepeat>($"d = {d}{(padded ? ", padded" : "")}", [Drawn(4, d)],
                    x => Of(x, padded, x.Tape.Constant(padded ? new Shape(4, 5, d) : new Shape(7, d))).Repeat(x[0]).Values, x =>
                    {
                        var y = new double[(padded ? 20 : 7) * d];
                        for (var b = 0; b < 4; b++)
                            for (var row = Start(b, padded); row < Start(b, padded) + Lengths[b]; row++) Array.Copy(x[0], b * d, y, row * d, d);
                        return y;
                    });
            }
            foreach (var length in (int[])[0, 1, 3, 6])
            {
                yield return Case<SegmentMove>($"padded to {length}, d = {d}", [Drawn(7, d)], x => Of(x, false).Pad(length).Values, x =>
                {
                    var t = length == 0 ? 4 : length;
                    var y = new double[4 * t * d];
                    for (var b = 0; b < 4; b++)
                    {
                        var kept = Math.Min(t, Lengths[b]);
                        Array.Copy(x[0], (Offsets[b + 1] - kept) * d, y, b * t * d, kept * d);
                    }
                    return y;
                });
            }
            yield return Case<SegmentMove>($"without gaps, d = {d}", [Drawn(4, 5, d)], x => Of(x, true).Compact().Values, x =>
                [.. Enumerable.Range(0, 4).SelectMany(b => x[0].Skip(b * 5 * d).Take(Lengths[b] * d))]);
            yield return Case<SegmentMove>($"there and back, d = {d}", [Drawn(7, d)], x => Of(x, false).Pad(4).Compact().Values, x => x[0]);
        }
    }

    private static Sequences Of(OpCall x, bool padded) => Of(x, padded, x[0]);

    private static Sequences Of(OpCall x, bool padded, Tensor values)
        => new(values, padded ? Segments.Padded(x.Tape, Lengths, 5) : Segments.Ragged(x.Tape, Offsets));

    private static int Start(int b, bool padded) => padded ? 5 * b : Offsets[b];

    private static double[] Pool(double[] x, int d, bool padded, Func<double[], double> of)
    {
        var y = new double[4 * d];
        for (var b = 0; b < 4; b++)
        {
            if (Lengths[b] == 0) continue;
            for (var i = 0; i < d; i++) y[b * d + i] = of([.. Enumerable.Range(Start(b, padded), Lengths[b]).Select(row => x[row * d + i])]);
        }
        return y;
    }
}

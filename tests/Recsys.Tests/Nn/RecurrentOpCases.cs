using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>GRU and LSTM over sequences of several lengths, one of them empty.</summary>
internal sealed class RecurrentOpCases : OpCases
{
    private static readonly int[] Lengths = [2, 0, 4, 1], Offsets = [0, 2, 2, 6, 7];

    public override IEnumerable<OpCase> All()
    {
        foreach (var h in (int[])[1, 3])
        {
            foreach (var padded in (bool[])[false, true])
            {
                var name = $"h = {h}{(padded ? ", padded" : "")}";
                yield return Case<GruOp>(name, Inputs(3, h, padded), x => GruOp.Of(x[0], x[1], x[2], Of(x, padded)), x => Run(x, h, padded, Gru));
                yield return Case<LstmOp>(name, Inputs(4, h, padded), x => LstmOp.Of(x[0], x[1], x[2], Of(x, padded)), x => Run(x, h, padded, Lstm));
            }
        }
        yield return Case<GruOp>("all sequences empty", [Drawn(2, 3, 6), Drawn(2, 6), Drawn(6)],
            x => GruOp.Of(x[0], x[1], x[2], Segments.Padded(x.Tape, [0, 0], 3)), _ => new double[12]);
    }

    private static OpInput[] Inputs(int gates, int h, bool padded)
        => [padded ? Drawn(4, 5, gates * h) : Drawn(7, gates * h), Drawn(h, gates * h), Drawn(gates * h)];

    private static Segments Of(OpCall x, bool padded) => padded ? Segments.Padded(x.Tape, Lengths, 5) : Segments.Ragged(x.Tape, Offsets);

    private static double[] Run(double[][] x, int h, bool padded, Action<double[], double[], double[], double[]> step)
    {
        var gates = x[2].Length / h;
        var y = new double[(padded ? 20 : 7) * h];
        for (var b = 0; b < 4; b++)
        {
            var (state, memory) = (new double[h], new double[h]);
            for (var t = 0; t < Lengths[b]; t++)
            {
                var row = (padded ? 5 * b : Offsets[b]) + t;
                var sums = (double[])x[2].Clone();
                for (var i = 0; i < h; i++)
                    for (var j = 0; j < gates * h; j++) sums[j] += state[i] * x[1][i * gates * h + j];
                step(x[0][(row * gates * h)..((row + 1) * gates * h)], sums, state, memory);
                state.CopyTo(y, row * h);
            }
        }
        return y;
    }

    private static void Gru(double[] p, double[] s, double[] state, double[] memory)
    {
        var h = state.Length;
        for (var i = 0; i < h; i++)
        {
            var (r, z) = (Sigmoid(p[i] + s[i]), Sigmoid(p[h + i] + s[h + i]));
            state[i] = (1 - z) * Math.Tanh(p[2 * h + i] + r * s[2 * h + i]) + z * state[i];
        }
    }

    private static void Lstm(double[] p, double[] s, double[] state, double[] memory)
    {
        var h = state.Length;
        for (var i = 0; i < h; i++)
        {
            memory[i] = Sigmoid(p[h + i] + s[h + i]) * memory[i] + Sigmoid(p[i] + s[i]) * Math.Tanh(p[2 * h + i] + s[2 * h + i]);
            state[i] = Sigmoid(p[3 * h + i] + s[3 * h + i]) * Math.Tanh(memory[i]);
        }
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}

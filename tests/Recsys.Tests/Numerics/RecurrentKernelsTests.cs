using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

/// <summary>A GRU and an LSTM of every width around that of a register against twins in double that go event by event.</summary>
[KernelTests]
public sealed class RecurrentKernelsTests
{
    private const float Sentinel = Kernels.Sentinel;

    // Longest first; the rows between them belong to nobody.
    private static readonly int[] Starts = [6, 0, 12, 18, 24], Lengths = [5, 4, 4, 1, 0];
    private const int Rows = 25, Total = 14;

    public static TheoryData<int, int> Widths
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (var gates in (int[])[3, 4])
                foreach (var h in (int[])[1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 15, 16, 17, 20, 23, 31, 32, 33, 64]) data.Add(gates, h);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void States_and_gradients_are_those_of_the_twin(int gates, int h)
    {
        var (run, twin) = (new Run(gates, h), new RecurrentTwin(gates, h));
        run.Forward();
        run.Backward();
        for (var a = 0; a < Starts.Length; a++) twin.Sequence(run.P, run.W, run.B, run.G, Starts[a], Lengths[a]);
        Near(twin.States, run.States, "state");
        Near(twin.DP, run.DP, "∂p");
        Near(twin.DW, run.DW, "∂W");
        Near(twin.DB, run.DB, "∂b");
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void One_step_of_memory_gives_the_same_states(int gates, int h)
    {
        var (run, serving) = (new Run(gates, h), new Run(gates, h));
        run.Forward();
        serving.Kept = new float[Starts.Length * RecurrentKernels.Kept(gates) * h];
        serving.Forward();
        Assert.Equal(run.States, serving.States);
    }

    [Theory]
    [InlineData(3, 7)]
    [InlineData(3, 16)]
    [InlineData(3, 33)]
    [InlineData(4, 7)]
    [InlineData(4, 16)]
    [InlineData(4, 33)]
    public void Nan_goes_on_in_its_sequence_and_in_no_other(int gates, int h)
    {
        for (var at = 0; at < gates * h; at += 3)
        {
            // In the second event of the second sequence.
            var run = new Run(gates, h);
            run.P[gates * h + at] = float.NaN;
            run.Forward();
            run.Backward();
            for (var row = 0; row < Rows; row++)
            {
                var nans = run.States.AsSpan(row * h, h).ToArray().Count(float.IsNaN);
                Assert.Equal(row switch { 1 => 1, 2 or 3 => h, _ => 0 }, nans);
                var back = run.DP.AsSpan(row * gates * h, gates * h).ToArray().Any(float.IsNaN);
                Assert.Equal(row < 4, back);
            }
            Assert.Contains(run.DW, float.IsNaN);
            Assert.Contains(run.DB, float.IsNaN);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Sizes_must_fit(int gates)
    {
        foreach (var spoil in (Action<Run>[])[
            r => r.P = r.P[1..], r => r.W = r.W[1..], r => r.Kept = r.Kept[1..], r => r.Scratch = [], r => r.At = [6, 0, 12, 18, 26],
            r => r.At = [22, 0, 12, 18, 24], r => r.At = [6, -1, 12, 18, 24]])
        {
            var run = new Run(gates, 5);
            spoil(run);
            Assert.Throws<ArgumentException>(run.Forward);
        }
        foreach (var spoil in (Action<Run>[])[
            r => r.G = r.G[1..], r => r.W = r.W[1..], r => r.DP = r.DP[1..], r => r.DS = r.DS[1..], r => r.Scratch = [],
            r => r.At = [22, 0, 12, 18, 24]])
        {
            var run = new Run(gates, 5);
            run.Forward();
            spoil(run);
            Assert.Throws<ArgumentException>(run.Backward);
        }
    }

    private static void Near(double[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(actual[i] - expected[i]) <= 4e-6 * (1 + Math.Abs(expected[i])),
                $"{what} {i}: {actual[i]}, twin {expected[i]}");
    }

    private sealed class Run
    {
        private readonly int _gates, _h;

        public Run(int gates, int h)
        {
            (_gates, _h) = (gates, h);
            P = Kernels.Normals(Rows * gates * h, 1);
            W = Kernels.Normals(h * gates * h, 2, 1 / MathF.Sqrt(h));
            B = Kernels.Normals(gates * h, 3);
            G = Kernels.Normals(Rows * h, 4);
            Kept = new float[Total * RecurrentKernels.Kept(gates) * h];
            Scratch = new float[(gates * h + 5 * Starts.Length) * h + gates * h * Starts.Length];
            Array.Fill(Scratch, float.NaN);
            Array.Fill(Kept, float.NaN);
            States = Filled(Rows * h);
            DP = Filled(Rows * gates * h);
            DS = Filled(Total * gates * h);
            (DW, DB) = (new float[W.Length], new float[B.Length]);
        }

        public int[] At { get; set; } = Starts;

        public float[] P { get; set; }

        public float[] W { get; set; }

        public float[] B { get; }

        public float[] G { get; set; }

        public float[] Kept { get; set; }

        public float[] Scratch { get; set; }

        public float[] States { get; }

        public float[] DP { get; set; }

        public float[] DS { get; set; }

        public float[] DW { get; }

        public float[] DB { get; }

        public void Forward()
        {
            var sequences = new RecurrentSequences(At, Lengths);
            if (_gates == 3) RecurrentKernels.GruForward(sequences, P, W, B, Kept, Scratch, States);
            else RecurrentKernels.LstmForward(sequences, P, W, B, Kept, Scratch, States);
        }

        public void Backward()
        {
            var sequences = new RecurrentSequences(At, Lengths);
            if (_gates == 3) RecurrentKernels.GruBackward(sequences, W, Kept, G, DP, DS, Scratch);
            else RecurrentKernels.LstmBackward(sequences, W, Kept, G, DP, DS, Scratch);
            RecurrentKernels.AddWeightGradients(sequences, Kept, DS, DW, DB, _h);
        }

        private static float[] Filled(int length)
        {
            var values = new float[length];
            Array.Fill(values, Sentinel);
            return values;
        }
    }

    /// <summary>One sequence after the other, one number at a time; rows of nobody keep the sentinel.</summary>
    private sealed class RecurrentTwin(int gates, int h)
    {
        private readonly int _width = gates * h;

        public double[] States { get; } = Filled(Rows * h);

        public double[] DP { get; } = Filled(Rows * gates * h);

        public double[] DW { get; } = new double[h * gates * h];

        public double[] DB { get; } = new double[gates * h];

        public void Sequence(float[] p, float[] w, float[] b, float[] g, int start, int length)
        {
            var state = new double[length + 1][];
            var memory = new double[length + 1][];
            var sums = new double[length][];
            (state[0], memory[0]) = (new double[h], new double[h]);
            for (var t = 0; t < length; t++)
            {
                (state[t + 1], memory[t + 1], sums[t]) = (new double[h], new double[h], new double[_width]);
                for (var j = 0; j < _width; j++)
                {
                    sums[t][j] = b[j];
                    for (var i = 0; i < h; i++) sums[t][j] += state[t][i] * w[i * _width + j];
                }
                for (var i = 0; i < h; i++)
                {
                    var x = Arguments(p, sums[t], start + t, i);
                    if (gates == 3)
                    {
                        var z = Sigma(x[1]);
                        state[t + 1][i] = (1 - z) * Math.Tanh(x[2]) + z * state[t][i];
                    }
                    else
                    {
                        memory[t + 1][i] = Sigma(x[1]) * memory[t][i] + Sigma(x[0]) * Math.Tanh(x[2]);
                        state[t + 1][i] = Sigma(x[3]) * Math.Tanh(memory[t + 1][i]);
                    }
                    States[(start + t) * h + i] = state[t + 1][i];
                }
            }
            var (later, laterMemory) = (new double[h], new double[h]);
            for (var t = length - 1; t >= 0; t--)
            {
                var (earlier, ds) = (new double[h], new double[_width]);
                for (var i = 0; i < h; i++)
                {
                    var x = Arguments(p, sums[t], start + t, i);
                    var d = g[(start + t) * h + i] + later[i];
                    var dx = new double[gates];
                    if (gates == 3)
                    {
                        var (r, z, n) = (Sigma(x[0]), Sigma(x[1]), Math.Tanh(x[2]));
                        dx[2] = d * (1 - z) * (1 - n * n);
                        dx[1] = d * (state[t][i] - n) * z * (1 - z);
                        dx[0] = dx[2] * sums[t][2 * h + i] * r * (1 - r);
                        (ds[i], ds[h + i], ds[2 * h + i]) = (dx[0], dx[1], dx[2] * r);
                        earlier[i] += d * z;
                    }
                    else
                    {
                        var (input, forget, cell, output) = (Sigma(x[0]), Sigma(x[1]), Math.Tanh(x[2]), Sigma(x[3]));
                        var tanh = Math.Tanh(memory[t + 1][i]);
                        var dc = laterMemory[i] + d * output * (1 - tanh * tanh);
                        dx[0] = dc * cell * input * (1 - input);
                        dx[1] = dc * memory[t][i] * forget * (1 - forget);
                        dx[2] = dc * input * (1 - cell * cell);
                        dx[3] = d * tanh * output * (1 - output);
                        for (var k = 0; k < 4; k++) ds[k * h + i] = dx[k];
                        laterMemory[i] = dc * forget;
                    }
                    for (var k = 0; k < gates; k++) DP[(start + t) * _width + k * h + i] = dx[k];
                }
                for (var j = 0; j < _width; j++)
                {
                    DB[j] += ds[j];
                    for (var i = 0; i < h; i++)
                    {
                        DW[i * _width + j] += state[t][i] * ds[j];
                        earlier[i] += ds[j] * w[i * _width + j];
                    }
                }
                later = earlier;
            }
        }

        // What the gates of element i are functions of.
        private double[] Arguments(float[] p, double[] s, int row, int i)
        {
            var x = new double[gates];
            for (var k = 0; k < gates; k++) x[k] = p[row * _width + k * h + i] + s[k * h + i];
            if (gates == 3) x[2] = p[row * _width + 2 * h + i] + Sigma(x[0]) * s[2 * h + i];
            return x;
        }

        private static double Sigma(double x) => 1 / (1 + Math.Exp(-x));

        private static double[] Filled(int length)
        {
            var values = new double[length];
            Array.Fill(values, Sentinel);
            return values;
        }
    }
}

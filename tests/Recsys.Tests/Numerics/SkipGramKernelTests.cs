using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class SkipGramKernelTests
{
    private const float Rate = 0.3f;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(16, 5)]
    [InlineData(20, 3)]
    [InlineData(64, 5)]
    [InlineData(100, 15)]
    [InlineData(7, 255)]
    public void A_training_is_the_slow_steps_one_after_another(int dimensions, int count)
    {
        const int Rows = 9;
        var rate = Math.Min(Rate, 3f / count); // many negatives of few rows must not diverge
        var (input, output) = (Table(Rows, dimensions, 1), Table(Rows, dimensions, 2));
        var (slowInput, slowOutput) = (Doubles(input), Doubles(output));
        var pairs = new TokenPair[100];
        for (var p = 0; p < pairs.Length; p++) pairs[p] = new TokenPair(new Rng(3).Below((ulong)p, Rows), new Rng(4).Below((ulong)p, Rows));
        var negatives = new Negatives(new AliasTable([1f, 2, 3, 0.5f]), 4, count, new Rng(5));

        var (loss, measured) = SkipGramKernel.Train(input, output, pairs, negatives, rate);
        var expected = 0.0;
        for (var p = 0; p < pairs.Length; p++)
        {
            var outputs = Outputs(pairs[p].Context, negatives, p);
            var h = slowInput[pairs[p].Centre];
            if (p % 64 == 0) expected += SlowSkipGram.Loss(h, slowOutput, outputs);
            var e = SlowSkipGram.Step(h, slowOutput, outputs, rate);
            for (var f = 0; f < dimensions; f++) h[f] += e[f];
        }
        AssertClose(slowInput, input);
        AssertClose(slowOutput, output);
        Assert.Equal(2, measured);
        Assert.Equal(expected, loss, 1e-3 * Math.Abs(expected));
    }

    [Fact]
    public void A_composed_step_writes_e_and_leaves_h_alone()
    {
        const int Dimensions = 21;
        var output = Table(6, Dimensions, 2);
        var slow = Doubles(output);
        var h = Table(1, Dimensions, 7);
        var before = h.Padded(0).ToArray();
        var e = new float[output.Stride];
        var negatives = new Negatives(new AliasTable([1f, 1]), 1, 4, new Rng(9));
        SkipGramKernel.Step(h.Padded(0), e, output, 0, negatives, 11, Rate);
        var expected = SlowSkipGram.Step(Doubles(h)[0], slow, Outputs(0, negatives, 11), Rate);
        for (var f = 0; f < e.Length; f++) Assert.Equal(f < Dimensions ? expected[f] : 0, e[f], 1e-5);
        AssertClose(slow, output);
        Assert.Equal(before, h.Padded(0).ToArray());
    }

    [Fact]
    public void The_step_follows_the_gradient_of_the_loss()
    {
        double[] h = [0.3, -0.7, 0.2];
        double[][] rows = [[0.5, 0.1, -0.4], [-0.2, 0.6, 0.3], [0.9, 0.2, 0.1]];
        int[] outputs = [1, 0, 2];
        const double Tiny = 1e-6;
        var moved = rows.Select(row => row.ToArray()).ToArray();
        var e = SlowSkipGram.Step(h, moved, outputs, 1);
        for (var f = 0; f < h.Length; f++)
        {
            Assert.Equal(-Slope(h, f), e[f], 1e-7);
            for (var row = 0; row < rows.Length; row++) Assert.Equal(-Slope(rows[row], f), moved[row][f] - rows[row][f], 1e-7);
        }

        double Slope(double[] at, int f)
        {
            var old = at[f];
            at[f] = old + Tiny;
            var up = SlowSkipGram.Loss(h, rows, outputs);
            at[f] = old - Tiny;
            var down = SlowSkipGram.Loss(h, rows, outputs);
            at[f] = old;
            return (up - down) / (2 * Tiny);
        }
    }

    [Fact]
    public void Rows_outside_are_refused()
    {
        var table = new AlignedRows(3, 4);
        var negatives = new Negatives(new AliasTable([1f, 1]), 1, 2, new Rng(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SkipGramKernel.Train(table, table, [new(3, 0)], negatives, Rate));
        Assert.Throws<ArgumentOutOfRangeException>(() => SkipGramKernel.Train(table, table, [new(0, -1)], negatives, Rate));
        Assert.Throws<ArgumentException>(() => SkipGramKernel.Train(table, table, [], negatives with { FirstRow = 2 }, Rate));
        Assert.Throws<ArgumentException>(() => SkipGramKernel.Train(table, new AlignedRows(3, 40), [], negatives, Rate));
    }

    [Fact]
    public void A_training_allocates_nothing()
    {
        var table = Table(5, 16, 1);
        var negatives = new Negatives(new AliasTable([1f, 1]), 1, 2, new Rng(1));
        var pairs = new TokenPair[] { new(0, 1), new(2, 3) };
        for (var i = 0; i < 3; i++) SkipGramKernel.Train(table, table, pairs, negatives, Rate);
        var before = GC.GetAllocatedBytesForCurrentThread();
        SkipGramKernel.Train(table, table, pairs, negatives, Rate);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static int[] Outputs(int context, Negatives negatives, long step)
    {
        var outputs = new List<int> { context };
        for (var k = 0; k < negatives.Count; k++)
        {
            var row = negatives.FirstRow + negatives.Table.Sample(negatives.Rng, (ulong)(step * negatives.Count + k));
            if (row != context) outputs.Add(row);
        }
        return [.. outputs];
    }

    private static AlignedRows Table(int rows, int columns, ulong seed)
    {
        var table = new AlignedRows(rows, columns);
        for (var row = 0; row < rows; row++) new Rng(seed).FillNormal((ulong)(row * columns), table[row], 0, 0.5f);
        return table;
    }

    private static double[][] Doubles(AlignedRows table)
        => [.. Enumerable.Range(0, table.Rows).Select(row => table[row].ToArray().Select(x => (double)x).ToArray())];

    private static void AssertClose(double[][] expected, AlignedRows actual)
    {
        for (var row = 0; row < actual.Rows; row++)
        {
            for (var f = 0; f < actual.Columns; f++) Assert.Equal(expected[row][f], actual[row][f],
                2e-3 * Math.Max(1, Math.Abs(expected[row][f])));
            Assert.False(actual.Padded(row)[actual.Columns..].ContainsAnyExcept(0f));
        }
    }
}

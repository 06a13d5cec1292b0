using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

public sealed class AliasTableTests
{
    public static TheoryData<float[]> Weights => new()
    {
        new float[] { 1 },
        new float[] { 0, 3, 0 },
        new float[] { 1, 1, 1, 1 },
        new float[] { 0.1f, 0.2f, 0.3f, 0.4f },
        new float[] { 1e-30f, 1e30f, 1 },
        Enumerable.Range(0, 1000).Select(i => i % 7 == 0 ? 0 : 1f / (i + 1)).ToArray(),
        Enumerable.Repeat(0.1f, 999).Append(0).ToArray(),
    };

    [Theory]
    [MemberData(nameof(Weights))]
    public void The_table_holds_the_probabilities_of_the_weights(float[] weights)
    {
        var table = new AliasTable(weights);
        var total = weights.Sum(w => (double)w);
        for (var i = 0; i < weights.Length; i++)
        {
            Assert.Equal(weights[i] / total, table.ProbabilityOf(i), 1e-9);
            Assert.Equal(weights[i] > 0, table.ProbabilityOf(i) > 0);
        }
    }

    [Fact]
    public void Draws_have_the_frequencies_of_the_weights()
    {
        double[] weights = [5, 0, 1, 3, 0.5, 0.5];
        var table = new AliasTable(weights);
        var rng = new Rng(3, 9);
        var counts = new int[weights.Length];
        const int Draws = 200_000;
        for (var i = 0; i < Draws; i++) counts[table.Sample(rng, (ulong)i)]++;

        Assert.Equal(0, counts[1]);
        var chi = 0.0;
        for (var i = 0; i < counts.Length; i++)
            if (weights[i] > 0) chi += Math.Pow(counts[i] - weights[i] / 10 * Draws, 2) / (weights[i] / 10 * Draws);
        Assert.InRange(chi, 0, 18.5); // 99.9 % of chi-square with 4 degrees of freedom
    }

    [Fact]
    public void Draws_stay_the_same_from_release_to_release()
    {
        var table = new AliasTable([1f, 2f, 3f, 4f]);
        var rng = new Rng(1);
        Assert.Equal(Golden, Enumerable.Range(0, 16).Select(i => table.Sample(rng, (ulong)i)));
    }

    private static readonly int[] Golden = [3, 3, 3, 2, 1, 1, 1, 1, 1, 2, 0, 0, 3, 2, 0, 3];

    [Fact]
    public void Float_and_double_weights_give_the_same_table()
    {
        float[] weights = [0.1f, 0.7f, 0, 12];
        var (single, wide) = (new AliasTable(weights), new AliasTable([.. weights.Select(w => (double)w)]));
        for (var i = 0; i < weights.Length; i++) Assert.Equal(single.ProbabilityOf(i), wide.ProbabilityOf(i));
        Assert.Equal(4, single.Count);
    }

    [Fact]
    public void Enormous_weights_do_not_overflow()
        => Assert.Equal(0.5, new AliasTable([double.MaxValue, double.MaxValue]).ProbabilityOf(0), 1e-9);

    [Theory]
    [InlineData(-1f, "Weight 1 is -1")]
    [InlineData(float.NaN, "Weight 1 is NaN")]
    [InlineData(float.PositiveInfinity, "Weight 1 is Infinity")]
    public void A_bad_weight_is_named(float weight, string message)
        => Assert.Contains(message, Assert.Throws<ArgumentException>(() => new AliasTable([1, weight])).Message, StringComparison.Ordinal);

    [Fact]
    public void Nothing_to_draw_is_an_error()
    {
        var zeros = Assert.Throws<ArgumentException>(() => new AliasTable([0f, 0f]));
        var empty = Assert.Throws<ArgumentException>(() => new AliasTable(ReadOnlySpan<double>.Empty));
        Assert.Contains("None of the 2 weights is positive", zeros.Message, StringComparison.Ordinal);
        Assert.Contains("None of the 0 weights is positive", empty.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_draw_allocates_nothing()
    {
        var table = new AliasTable([1f, 2f]);
        var rng = new Rng(1);
        var sum = table.Sample(rng, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0UL; i < 100; i++) sum += table.Sample(rng, i);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.True(sum >= 0);
    }
}

using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

public sealed class ZipfTests
{
    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(2, 0.5)]
    [InlineData(50, 0.0)]
    [InlineData(50, 0.8)]
    [InlineData(50, 1.0)]
    [InlineData(50, 1.0000001)]
    [InlineData(50, 2.5)]
    [InlineData(1000, 1.1)]
    public void Ranks_have_the_frequencies_of_the_power_law(int count, double exponent)
    {
        var zipf = new Zipf(count, exponent);
        var rng = new Rng(4, 2);
        const int Draws = 200_000;
        var counts = new int[count];
        for (var i = 0UL; i < Draws; i++) counts[zipf.Sample(rng, i)]++;

        var weights = Enumerable.Range(1, count).Select(k => Math.Pow(k, -exponent)).ToArray();
        var total = weights.Sum();
        var (chi, cells) = (0.0, 0);
        for (var k = 0; k < count; k++)
        {
            var expected = weights[k] / total * Draws;
            if (expected < 5) continue;
            chi += (counts[k] - expected) * (counts[k] - expected) / expected;
            cells++;
        }
        Assert.InRange(chi, 0, cells + 5 * Math.Sqrt(2.0 * cells));
    }

    [Fact]
    public void The_largest_catalogue_works()
    {
        var (zipf, rng) = (new Zipf(int.MaxValue, 0.1), new Rng(1));
        for (var i = 0UL; i < 10_000; i++) Assert.InRange(zipf.Sample(rng, i), 0, int.MaxValue - 1);
    }

    [Fact]
    public void The_same_position_gives_the_same_rank_from_release_to_release()
    {
        var (zipf, rng) = (new Zipf(100, 1.2), new Rng(1));
        var backwards = Enumerable.Range(0, 100).Reverse().Select(i => zipf.Sample(rng, (ulong)i)).Reverse();
        Assert.Equal(Enumerable.Range(0, 100).Select(i => zipf.Sample(rng, (ulong)i)), backwards);
        Assert.Equal([0, 33, 4, 1, 7, 13, 4, 4, 7, 2, 43, 44, 0, 0, 51, 0, 1, 2, 1, 0, 25, 1, 0, 1],
            Enumerable.Range(0, 24).Select(i => zipf.Sample(rng, (ulong)i)));
    }

    [Theory]
    [InlineData(0, 1.0, "count must be at least 1")]
    [InlineData(5, -0.1, "exponent must be at least 0")]
    [InlineData(5, double.NaN, "exponent must be finite")]
    [InlineData(5, double.PositiveInfinity, "exponent must be finite")]
    public void Bad_parameters_are_named(int count, double exponent, string message)
        => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => new Zipf(count, exponent)).Message, StringComparison.Ordinal);
}

using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

public sealed class RngTests
{
    private const int Draws = 100_000;

    [Fact]
    public void The_first_values_stay_the_same_from_release_to_release()
    {
        // Computed by a separate program from the definition: a change here changes every trained model.
        var rng = new Rng(1);
        Assert.Equal([0xd674436882ba51d9, 0x2212715cfd10d2ad, 0x777162460f09efc8, 0xb67c9431eae452b2], Bits(rng, 4));
        Assert.Equal([0xd368584ba6890988, 0xa72a597711980f96], Bits(new Rng(1, 2), 2));
        Assert.Equal([0x6c2e303079b6fb3e, 0xc92a3cf42651f603], Bits(rng.Stream(5), 2));
        Assert.Equal([0.83771151304245f, 0.13309389352798462f], [rng.Uniform(0), rng.Uniform(1)]);
        Assert.Equal(0.5749617788052239, rng.Normal(0), 1e-12);
        Assert.Equal(1.888148190648787, rng.Normal(1), 1e-12);

        static IEnumerable<ulong> Bits(Rng rng, int count) => Enumerable.Range(0, count).Select(i => rng.Bits((ulong)i));
    }

    [Theory]
    [InlineData(0UL, 0UL)]
    [InlineData(1UL, 0UL)]
    [InlineData(1UL, 1UL)]
    [InlineData(ulong.MaxValue, ulong.MaxValue)]
    public void Uniform_values_are_uniform(ulong seed, ulong stream)
    {
        var rng = new Rng(seed, stream);
        int[] counts = new int[64], below = new int[64];
        var (mean, square) = (0.0, 0.0);
        for (var i = 0UL; i < Draws; i++)
        {
            var u = rng.Uniform(i);
            Assert.InRange(u, 0, 0.99999994f);
            counts[(int)(u * 64)]++;
            below[rng.Below(i, 64)]++;
            var d = rng.UniformDouble(i);
            mean += d;
            square += d * d;
        }
        AssertUniform(counts);
        AssertUniform(below);
        Assert.Equal(0.5, mean / Draws, 5 * Math.Sqrt(1.0 / 12 / Draws));
        Assert.Equal(1.0 / 3, square / Draws, 0.005);
    }

    [Fact]
    public void Every_bit_is_fair_and_neighbours_are_independent()
    {
        var rng = new Rng(2);
        Span<int> ones = stackalloc int[64], changes = stackalloc int[64];
        for (var i = 0UL; i < Draws; i++)
        {
            var (bits, change) = (rng.Bits(i), rng.Bits(i) ^ rng.Bits(i + 1));
            for (var b = 0; b < 64; b++)
            {
                ones[b] += (int)(bits >> b & 1);
                changes[b] += (int)(change >> b & 1);
            }
        }
        var limit = 5 * Math.Sqrt(Draws) / 2;
        for (var b = 0; b < 64; b++)
        {
            Assert.Equal(Draws / 2.0, ones[b], limit);
            Assert.Equal(Draws / 2.0, changes[b], limit);
        }
    }

    [Fact]
    public void Streams_and_seeds_are_independent()
    {
        // Related seeds and streams are the usual case (0, 1, 2, …), so those are tried: correlations at equal and at neighbouring
        // positions.
        var root = new Rng(1);
        (Rng, Rng)[] pairs =
        [
            (new Rng(1), new Rng(2)), (new Rng(1, 0), new Rng(1, 1)), (new Rng(1, 1), new Rng(2, 0)), (root, root.Stream(0)),
            (root.Stream(0), root.Stream(1)), (root.Stream(1).Stream(2), root.Stream(2).Stream(1)), (new Rng(1, 7), root.Stream(7)),
        ];
        foreach (var (a, b) in pairs)
        {
            foreach (var lag in new[] { 0UL, 1UL, 2UL })
            {
                var sum = 0.0;
                for (var i = 0UL; i < Draws; i++) sum += (a.UniformDouble(i) - 0.5) * (b.UniformDouble(i + lag) - 0.5);
                Assert.Equal(0, sum * 12 / Draws, 5 / Math.Sqrt(Draws));
            }
        }
    }

    [Fact]
    public void Ten_thousand_streams_share_no_value()
    {
        var seen = new HashSet<ulong>();
        for (var stream = 0UL; stream < 10_000; stream++)
            for (var i = 0UL; i < 8; i++)
                Assert.True(seen.Add(new Rng(5, stream).Bits(i)));
    }

    [Fact]
    public void Normal_and_exponential_values_have_their_moments()
    {
        var rng = new Rng(11);
        double m1 = 0, m2 = 0, m3 = 0, m4 = 0, tail = 0, lag = 0, e1 = 0, e2 = 0;
        for (var i = 0UL; i < Draws; i++)
        {
            var z = rng.Normal(i);
            (m1, m2, m3, m4) = (m1 + z, m2 + z * z, m3 + z * z * z, m4 + z * z * z * z);
            lag += z * rng.Normal(i + 1);
            if (Math.Abs(z) > 1.959964) tail++;
            var e = rng.Exponential(i);
            Assert.True(e >= 0);
            (e1, e2) = (e1 + e, e2 + e * e);
        }
        Assert.Equal(0, m1 / Draws, 0.016);
        Assert.Equal(1, m2 / Draws, 0.025);
        Assert.Equal(0, m3 / Draws, 0.07);
        Assert.Equal(3, m4 / Draws, 0.16);
        Assert.Equal(0, lag / Draws, 0.016);
        Assert.Equal(0.05, tail / Draws, 0.004);
        Assert.Equal(1, e1 / Draws, 0.016);
        Assert.Equal(2, e2 / Draws, 0.08);
    }

    [Fact]
    public void Filled_spans_hold_the_values_of_their_positions()
    {
        var rng = new Rng(3);
        float[] uniform = new float[50], normal = new float[50];
        rng.FillUniform(10, uniform, -2, 3);
        rng.FillNormal(10, normal, 5, 0.1f);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(-2 + 5 * rng.Uniform((ulong)(10 + i)), uniform[i]);
            Assert.Equal(5 + 0.1f * (float)rng.Normal((ulong)(10 + i)), normal[i]);
        }
    }

    [Fact]
    public void Every_order_is_as_likely()
    {
        var counts = new int[24];
        for (var trial = 0UL; trial < 24_000; trial++)
        {
            int[] order = [0, 1, 2, 3];
            new Rng(8, trial).Shuffle<int>(0, order);
            Assert.Equal([0, 1, 2, 3], order.Order());
            counts[order[0] * 6 + order[1..].Count(v => v < order[1]) * 2 + (order[2] < order[3] ? 0 : 1)]++;
        }
        AssertUniform(counts);
        new Rng(1).Shuffle<int>(0, []);
    }

    /// <summary>Chi-square against equal counts, five standard deviations.</summary>
    internal static void AssertUniform(int[] counts)
    {
        var expected = (double)counts.Sum() / counts.Length;
        var chi = counts.Sum(c => (c - expected) * (c - expected) / expected);
        Assert.InRange(chi, 0, counts.Length - 1 + 5 * Math.Sqrt(2.0 * (counts.Length - 1)));
    }
}

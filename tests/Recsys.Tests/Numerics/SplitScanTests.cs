using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class SplitScanTests
{
    [Theory]
    [InlineData(2, 0, 1, 0)]
    [InlineData(9, 0, 0, 0)]
    [InlineData(10, 1, 1, 0)]
    [InlineData(40, 1, 0, 5)]
    [InlineData(255, 0, 3, 2)]
    [InlineData(256, 1, 1, 0)]
    public void The_best_place_is_that_of_the_plain_loop(int cells, int more, double l2, double least)
    {
        var rng = new Rng(8);
        for (var trial = 0; trial < 20; trial++)
        {
            var pairs = new long[cells];
            var draws = rng.Stream((ulong)trial);
            for (var i = 0; i < cells; i++)
                if (draws.Below((ulong)i, 3) > 0)
                    pairs[i] = ((long)(draws.Below((ulong)i + 1000, 4001) - 2000) << 32) + 1 + draws.Below((ulong)i + 2000, 1000);
            var total = pairs.Sum();
            var start = trial % 2 == 0 ? 0 : pairs[0];
            var last = cells - 1 + more;
            var (units, score) = ((High: 1 / 512.0, Low: 1 / 256.0), 0.01);
            double Gain(long left)
            {
                double g = (int)(left >> 32) * units.High, h = (uint)left * units.Low;
                double otherG = ((int)(total >> 32) * units.High) - g, otherH = ((uint)total * units.Low) - h;
                return h < least || otherH < least || otherH <= 0 ? double.NegativeInfinity
                    : (((g * g * (otherH + l2)) + (otherG * otherG * (h + l2))) / ((h + l2) * (otherH + l2))) - score;
            }
            var (place, best, sum) = (0, 1e-3, start);
            var low = 0u;
            for (var i = 1; i < last; i++)
            {
                sum += pairs[i];
                if (pairs[i] == 0 || !(Gain(sum) > best)) continue;
                (place, best, low) = (i, Gain(sum), (uint)sum);
            }
            var floor = 1e-3;
            Assert.Equal(place, SplitScan.Best(pairs, last, start, total, units, (l2, least, score), ref floor, out var actualLow));
            Assert.Equal((best, low), (floor, actualLow));
        }
    }
}

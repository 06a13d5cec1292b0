using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

public sealed class FieldKernelsTests
{
    private static readonly int[] s_items = [2, 0, 3, -1, 1, 7, 3];   // of four; two are unknown
    private static readonly Rng s_rng = new(5);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(41)]
    public void What_was_kept_is_added(int columns)
    {
        var kept = Drawn(1, 5 * columns);
        foreach (var rest in (float[][])[Drawn(2, columns), Drawn(3, s_items.Length * columns)])
        {
            foreach (var relu in (bool[])[false, true])
            {
                var found = new float[s_items.Length * columns];
                FieldKernels.AddKept(kept, s_items, rest, relu, columns, found);
                for (var i = 0; i < found.Length; i++)
                {
                    var sum = kept[Row(i / columns) * columns + i % columns] + rest[i % rest.Length];
                    Assert.Equal(relu ? Math.Max(0, sum) : sum, found[i]);
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(41)]
    public void Pairs_with_what_was_kept_are_added(int d)
    {
        var kept = Drawn(1, 5 * 2 * d);
        foreach (var length in (int[])[d, s_items.Length * d])
        {
            var (sums, pooled, found) = (Drawn(2, length), Drawn(3, length), new float[s_items.Length * d]);
            FieldKernels.AddKeptPairs(kept, s_items, sums, pooled, d, found);
            for (var i = 0; i < found.Length; i++)
            {
                var row = kept.AsSpan(Row(i / d) * 2 * d, 2 * d);
                Assert.Equal(pooled[i % length] + row[d + i % d] + sums[i % length] * row[i % d], found[i], 1e-5);
            }
        }
    }

    [Fact]
    public void Sizes_must_fit()
    {
        var (kept, items, rest, to) = (new float[10], new int[3], new float[2], new float[6]);
        FieldKernels.AddKept(kept, items, rest, false, 2, to);
        Assert.Throws<ArgumentException>(() => FieldKernels.AddKept(kept.AsSpan(1), items, rest, false, 2, to));
        Assert.Throws<ArgumentException>(() => FieldKernels.AddKept([], items, rest, false, 2, to));
        Assert.Throws<ArgumentException>(() => FieldKernels.AddKept(kept, items, rest.AsSpan(1), false, 2, to));
        Assert.Throws<ArgumentException>(() => FieldKernels.AddKept(kept, items, rest, false, 2, to.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => FieldKernels.AddKept(kept, items, [], false, 0, []));
        Assert.Throws<ArgumentException>(() => FieldKernels.AddKeptPairs(kept, items, rest, rest.AsSpan(1), 2, to));
    }

    private static int Row(int example) => s_items[example] is >= 0 and < 4 and var item ? item : 4;

    private static float[] Drawn(ulong stream, int length)
    {
        var values = new float[length];
        s_rng.FillNormal(stream, values);
        return values;
    }
}

using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class HistogramsTests
{
    private const int Rows = 1500;
    private static readonly Rng Random = new(3);

    // Cells of each column; every kernel: sixteen and eight full columns, some of them behind narrow ones, and what is left over.
    public static TheoryData<int, int, bool, int> Shapes() => new()
    {
        { 28, 256, false, 1 }, { 28, 256, false, 2 }, { 75, 256, false, 1 }, { 1, 256, false, 1 }, { 9, 3, false, 1 },
        { 40, 0, false, 3 }, { 28, 256, true, 1 }, { 150, 256, true, 1 }, { 40, 0, true, 2 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Histograms_hold_the_sums_of_the_rows(int columns, int most, bool sampled, int parts)
    {
        var (cells, used) = (new int[columns], new bool[columns]);
        for (var c = 0; c < columns; c++)
        {
            cells[c] = most > 0 ? most : c % 7 == 0 ? 2 + c : 256;
            used[c] = !sampled || Random.Below((ulong)c, 2) == 0 || c == 2;
        }
        var layout = new HistogramLayout(cells, used, parts);
        var codes = Codes(cells);
        var rows = Some(2);
        var pairs = rows.Select((_, i) => Pairs.Pack(i / 4f, Random.Below((ulong)i, 2000) - 1000.25f, (1, 2))).ToArray();
        var actual = new long[layout.Length];
        // The last rows only stand behind the others.
        var added = rows.Length - 40;
        Histograms.Add(codes, columns, layout, 0, layout.Strips.Length, rows, pairs.AsSpan(0, added), actual);

        var expected = new long[layout.Length];
        for (var c = 0; c < columns; c++)
        {
            Assert.Equal(used[c], layout.Offset(c) >= 0);
            for (var i = 0; used[c] && i < added; i++) expected[layout.Offset(c) + codes[(rows[i] * columns) + c]] += pairs[i];
        }
        Assert.Equal(expected, actual);
        var last = layout.Strips[^1];
        Array.Clear(actual);
        Histograms.Add(codes, columns, layout, layout.Strips.Length - 1, layout.Strips.Length, rows, pairs.AsSpan(0, added), actual);
        Assert.All(actual[..last.Start], cell => Assert.Equal(0, cell));
        Assert.Equal(expected[last.Start..], actual[last.Start..]);
    }

    [Fact]
    public void A_layout_has_as_many_strips_as_parts_and_leaves_no_column_out()
    {
        int[] cells = [.. Enumerable.Repeat(5, 100)];
        bool[] used = [.. Enumerable.Range(0, 100).Select(c => c % 3 != 1)];
        foreach (var parts in new[] { 1, 2, 5, 50 })
        {
            var strips = new HistogramLayout(cells, used, parts).Strips.ToArray();
            Assert.True(strips.Length >= Math.Min(parts, 8));
            Assert.Equal(Enumerable.Range(0, 100).Where(c => used[c]), strips.SelectMany(s => s.Columns));
            Assert.All(strips, s => Assert.True(s.Columns[^1] - s.Columns[0] < HistogramLayout.Window));
        }
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(100, true)]
    [InlineData(1, false)]
    [InlineData(255, false)]
    [InlineData(255, true)]
    public void Partitions_keep_the_order_on_both_sides(int last, bool zeroFirst)
    {
        const int Columns = 3, Column = 1;
        var codes = Codes([256, 256, 256]);
        foreach (var length in new[] { 0, 1, 15, 16, 17, 31, 32, 100, Rows })
        {
            var rows = Some(1)[..length];
            bool IsFront(int row) => codes[(row * Columns) + Column] is var code && (code == 0 ? zeroFirst : code <= last);
            var actual = (int[])rows.Clone();
            var spare = new int[length + 1];
            spare[length] = -7;
            var front = Histograms.Partition(codes, Columns, Column, last, zeroFirst, actual, spare.AsSpan(0, length));
            Assert.Equal(rows.Where(IsFront), actual[..front]);
            Assert.Equal(rows.Where(row => !IsFront(row)), spare[..(length - front)]);
            Assert.Equal(-7, spare[length]);
        }
    }

    [Fact]
    public void Spans_are_exchanged()
    {
        foreach (var length in new[] { 0, 1, 15, 16, 17, 40 })
        {
            int[] all = [.. Enumerable.Range(0, 100)];
            Histograms.Swap(all.AsSpan(3, length), all.AsSpan(50, length));
            Assert.Equal(Enumerable.Range(0, 100).Select(i => i >= 3 && i < 3 + length ? i + 47
                : i >= 50 && i < 50 + length ? i - 47 : i), all);
        }
        Assert.Throws<ArgumentException>(() => Histograms.Swap(new int[3], new int[4]));
    }

    private static byte[] Codes(int[] cells)
    {
        var codes = new byte[(Rows * cells.Length) + HistogramLayout.Window];
        for (var i = 0; i < Rows * cells.Length; i++) codes[i] = (byte)Random.Below((ulong)i, cells[i % cells.Length]);
        return codes;
    }

    private static int[] Some(int step) => [.. Enumerable.Range(0, Rows).Where(row => row % step == 0 || row % 5 == 1)];
}

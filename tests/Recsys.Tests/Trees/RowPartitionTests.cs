using Recsys.Numerics;
using Recsys.Trees;

namespace Recsys.Tests.Trees;

public sealed class RowPartitionTests
{
    private const int Rows = 70_000;

    // Splits that send few, half and nearly all rows left: at the end, at the start and everywhere.
    [Theory]
    [InlineData(1, false)]
    [InlineData(3, true)]
    [InlineData(20, false)]
    [InlineData(39, true)]
    [InlineData(40, false)]
    public void The_rows_that_go_left_come_first_and_none_is_lost(int bin, bool missingLeft)
    {
        var rng = new Rng(4);
        var x = new float[2 * Rows];
        for (var row = 0; row < Rows; row++)
        {
            x[2 * row] = rng.Below((ulong)row, 50) == 0 ? float.NaN : rng.Stream(1).Below((ulong)row, 40);
            x[(2 * row) + 1] = row;
        }
        foreach (var column in new[] { 0, 1 })
        {
            var data = BinnedMatrix.Create(x, 2, 40, Rows, rng, 1, default);
            var split = new HistogramSplit(column, bin, missingLeft, 1);
            bool IsLeft(int row) => data.Codes[(2 * row) + column] is var code && (code == 0 ? missingLeft : code <= bin);
            foreach (var (threads, step) in new[] { (1, 1), (1, 7), (2, 1), (5, 1), (5, 3) })
            {
                var rows = Enumerable.Range(0, Rows).Where(row => row % step == 0).ToArray();
                var partition = new RowPartition(data, null, threads);
                foreach (var order in new[] { rows, [.. rows.Reverse()] })
                {
                    var actual = (int[])order.Clone();
                    var front = partition.Divide(actual, split);
                    Assert.Equal(rows.Where(IsLeft), actual[..front].Order());
                    Assert.Equal(rows.Where(row => !IsLeft(row)), actual[front..].Order());
                }
            }
        }
    }
}

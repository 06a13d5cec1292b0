using Recsys.Rank;
using Recsys.Tests.Rank;

namespace Recsys.Tests.Trees;

[KernelTests]
public sealed class TreeScanTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(31, 3)]
    [InlineData(33, 2)]
    [InlineData(64, 4)]
    [InlineData(65, 1)]
    public void Many_rows_at_once_score_as_one_by_one(int leaves, int trees)
    {
        var (x, y) = GbdtTests.Clicks(1_500, seed: (ulong)leaves);
        x[7] = float.PositiveInfinity;
        x[9] = float.NegativeInfinity;
        var model = Gbdt.Train(x, 5, y, options: new() { Trees = trees, MaxLeaves = leaves, MinChildWeight = 0, Threads = 1 });
        Assert.Equal(leaves, model.Trees.FirstLeaf(1));
        foreach (var count in new[] { 0, 1, 31, 32, 33, 200 })
        {
            var all = new float[count];
            model.RawScores(x.AsSpan(0, 5 * count), all);
            for (var i = 0; i < count; i++)
            {
                var one = new float[1];
                model.RawScores(x.AsSpan(5 * i, 5), one);
                Assert.Equal(one[0], all[i]);
            }
        }
    }

    [Fact]
    public void A_tree_without_splits_adds_its_value()
    {
        var model = Gbdt.Train([1, 1, 1], 1, [0, 1, 1], options: new() { Trees = 2, MaxLeaves = 4, BaseScore = 0.25 });
        var (one, many) = (new float[1], new float[40]);
        model.RawScores(new float[1], one);
        model.RawScores(new float[40], many);
        Assert.All(many, score => Assert.Equal(one[0], score));
    }
}

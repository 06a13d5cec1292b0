using Recsys.Tests.Reference;
using Recsys.Tests.Trees;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class PathIntegralsTests
{
    [Fact]
    public void Of_a_tree_they_are_Shapley_values()
    {
        for (var seed = 0ul; seed < 8; seed++)
        {
            const int Columns = 5;
            var trees = TreeShapTests.RandomTrees(Columns, 2, 14, seed);
            float[] rows = [.. Enumerable.Range(0, 11 * Columns).Select(i => (i * 7 + (int)seed) % 10 is var v && v == 9 ? float.NaN : v)];
            var actual = new double[11 * (Columns + 1)];
            trees.Contributions(rows, actual);
            for (var i = 0; i < 11; i++)
            {
                var expected = SlowShapley.Values(trees, rows[(i * Columns)..((i + 1) * Columns)]);
                for (var c = 0; c <= Columns; c++) Assert.Equal(expected[c], actual[(i * (Columns + 1)) + c], 1e-10);
            }
        }
    }
}

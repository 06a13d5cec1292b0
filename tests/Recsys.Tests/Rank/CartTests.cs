using Recsys.Numerics;
using Recsys.Rank;
using Recsys.Tests.Contracts;
using Recsys.Trees;

namespace Recsys.Tests.Rank;

public sealed class CartTests
{
    // Lives in water, has fins → is a fish.
    private static readonly float[] Fish = [1, 1, 1, 1, 1, 0, 0, 1, 0, 1];
    private static readonly float[] IsFish = [1, 1, 0, 0, 0];

    // Li Hang, "Statistical learning methods", the boosting tree example.
    internal static readonly float[] X = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    internal static readonly float[] Y = [5.56f, 5.70f, 5.91f, 6.40f, 6.80f, 7.05f, 8.90f, 8.70f, 9.00f, 9.05f];

    private static readonly CartOptions Classes = new() { Task = CartTask.Classification };

    [Fact]
    public void Gini_of_the_fish_is_as_printed_and_water_splits_first()
    {
        double[] oneHot = [0, 1, 0, 1, 1, 0, 1, 0, 1, 0];
        var splits = new ExactTree(Fish, 2, oneHot, 2, []).Splits([0, 1, 2, 3, 4]).ToArray();
        Assert.Equal(2, splits.Length);
        Assert.Equal(".2667", $"{splits[0].Error / 5:.0000}");   // 3/5 · 4/9 + 0
        Assert.Equal(".4000", $"{splits[1].Error / 5:.0000}");   // 4/5 · 1/2 + 0

        var cart = Cart.Train(Fish, 2, IsFish, options: Classes);
        Assert.Equal((0, 0.5f), (cart.Tree[0].Column, cart.Tree[0].Threshold));
        Assert.Equal(1, cart.Tree[cart.Tree[0].Right].Column);
        Assert.True(cart.Tree[cart.Tree[0].Left].IsLeaf);
        Assert.Equal(IsFish, Predict(cart, Fish, 5));
    }

    [Fact]
    public void Squared_errors_of_the_stumps_are_as_printed()
    {
        double[] y = [.. Y.Select(y => Math.Round((double)y, 2))];
        var splits = new ExactTree(X, 1, y, 1, []).Splits([.. Enumerable.Range(0, 10)]).ToArray();
        Assert.Equal(["15.72", "12.08", "8.37", "5.78", "3.91", "1.93", "8.01", "11.74", "15.74"],
            splits.Select(s => FormattableString.Invariant($"{s.Error:0.00}")));
        Assert.Equal([1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f, 8.5f, 9.5f], splits.Select(s => s.Threshold));
        var stump = Cart.Train(X, 1, Y, options: new() { MaxDepth = 1 });
        Assert.Equal(6.5f, stump.Tree[0].Threshold);
        Assert.Equal([6.24, 8.91], Predict(stump, [1, 10], 2).Select(s => Math.Round((double)s, 2)));
    }

    [Fact]
    public void Of_equal_splits_the_lowest_column_then_the_lowest_threshold_wins()
    {
        // Columns 1 and 2 split alike (2 is mirrored, so its sums run backwards); thresholds 1.5 and 2.5 save the same.
        float[] x = [7, 1, -1, 7, 2, -2, 7, 3, -3];
        var cart = Cart.Train(x, 3, [0.1f, 0.7f, 0.1f], options: new() { MaxDepth = 1 });
        Assert.Equal((1, 1.5f), (cart.Tree[0].Column, cart.Tree[0].Threshold));

        // Sums in another order are not better by their last digit.
        for (var seed = 0ul; seed < 20; seed++)
        {
            var (values, labels) = Noise(30, 1, seed);
            var mirrored = Cart.Train([.. values.SelectMany(v => new[] { v, -v })], 2, labels).Tree;
            Assert.All(Nodes(mirrored).Where(n => !n.IsLeaf), n => Assert.Equal(0, n.Column));
        }
    }

    [Fact]
    public void It_stops_at_each_limit()
    {
        var (x, y) = Noise(60, 3);
        var deep = Cart.Train(x, 3, y, options: new() { MaxDepth = 50 });
        Assert.Equal(y, Predict(deep, x, 60));
        Assert.Equal(3, Cart.Train(x, 3, y, options: new() { MaxDepth = 3 }).Tree.Depth(0));
        Assert.Equal(1, Cart.Train(x, 3, y, options: new() { MaxDepth = 0 }).Tree.NodeCount);
        var wide = Cart.Train(x, 3, y, options: new() { MinLeafRows = 7, MaxDepth = 50 }).Tree;
        Assert.All(Nodes(wide).Where(n => n.IsLeaf), n => Assert.InRange(n.Cover, 7, 60));
        var largest = deep.Tree[0].Gain;
        var picky = Cart.Train(x, 3, y, options: new() { MinGain = largest / 4, MaxDepth = 50 }).Tree;
        Assert.All(Nodes(picky).Where(n => !n.IsLeaf), n => Assert.True(n.Gain > largest / 4));
        Assert.InRange(picky.LeafCount, 2, deep.Tree.LeafCount - 1);
    }

    [Fact]
    public void Every_split_is_the_best_of_all()
    {
        var (x, y) = Noise(40, 3);
        var tree = Cart.Train(x, 3, y, options: new() { MaxDepth = 4 }).Tree;
        var rows = Enumerable.Range(0, 40).ToArray();
        void Check(int node, int[] inside)
        {
            if (tree[node].IsLeaf) return;
            double Error(IEnumerable<int> part)
            {
                var list = part.ToList();
                var mean = list.Count == 0 ? 0 : list.Average(i => (double)y[i]);
                return list.Sum(i => (y[i] - mean) * (y[i] - mean));
            }
            var best = double.MaxValue;
            for (var column = 0; column < 3; column++)
                foreach (var at in inside)
                    best = Math.Min(best, Error(inside.Where(i => x[(i * 3) + column] <= x[(at * 3) + column]))
                        + Error(inside.Where(i => x[(i * 3) + column] > x[(at * 3) + column])));
            var n = tree[node];
            var left = inside.Where(i => x[(i * 3) + n.Column] <= n.Threshold).ToArray();
            Assert.Equal(best, Error(left) + Error(inside.Except(left)), 1e-4);
            Check(n.Left, left);
            Check(n.Right, [.. inside.Except(left)]);
        }
        Check(0, rows);
    }

    [Fact]
    public void Weights_are_repetitions()
    {
        for (var seed = 0ul; seed < 10; seed++)
        {
            var (x, y) = Noise(20, 2, seed);
            var weights = Enumerable.Range(0, 20).Select(i => (float)(i % 5)).ToArray();
            int[] repeated = [.. Enumerable.Range(0, 20).SelectMany(i => Enumerable.Repeat(i, i % 5))];
            var weighted = Cart.Train(x, 2, y, weights, new() { MaxDepth = 3 });
            var plain = Cart.Train([.. repeated.SelectMany(i => new[] { x[2 * i], x[(2 * i) + 1] })], 2, [.. repeated.Select(i => y[i])],
                options: new() { MaxDepth = 3 });
            var (expected, actual) = (Predict(plain, x, 20), Predict(weighted, x, 20));
            for (var i = 0; i < 20; i++) Assert.Equal(expected[i], actual[i], 1e-5);
            foreach (var (a, b) in Nodes(plain.Tree).Zip(Nodes(weighted.Tree)))
            {
                Assert.Equal((a.Column, a.Threshold, a.MissingLeft, a.Cover), (b.Column, b.Threshold, b.MissingLeft, b.Cover));
                Assert.Equal(a.Gain, b.Gain, 1e-4);
            }
        }
    }

    [Fact]
    public void Three_classes_give_shares_and_the_expected_class()
    {
        float[] x = [1, 1, 2, 2, 3, 3, 3, 3];
        float[] y = [0, 0, 1, 1, 2, 2, 2, 1];
        var cart = Cart.Train(x, 1, y, options: Classes);
        Assert.Equal(3, cart.ClassCount);
        Assert.Equal([0, 0.25f, 0.75f], cart.Probabilities([3]).ToArray());
        Assert.Equal([0, 1, 1.75f], Predict(cart, [1, 2, 3], 3));
    }

    [Fact]
    public void One_row_one_value_or_one_class_give_a_single_leaf()
    {
        Assert.Equal([4], Predict(Cart.Train([1], 1, [4]), [99], 1));
        Assert.Equal(1, Cart.Train([2, 2, 2], 1, [1, 2, 3]).Tree.NodeCount);
        Assert.Equal(1, Cart.Train([1, 2, 3], 1, [1, 1, 1], options: Classes).Tree.NodeCount);
    }

    [Fact]
    public void Neighbouring_floats_are_told_apart()
    {
        // Between the second pair the middle rounds up.
        var (low, high) = (1f, MathF.BitIncrement(1f));
        Assert.Equal([0, 1], Predict(Cart.Train([low, high], 1, [0, 1]), [low, high], 2));
        (low, high) = (high, MathF.BitIncrement(high));
        Assert.Equal([0, 1], Predict(Cart.Train([low, high], 1, [0, 1]), [low, high], 2));
        Assert.Equal([0, 1], Predict(Cart.Train([float.MinValue, float.MaxValue], 1, [0, 1]), [float.MinValue, float.MaxValue], 2));
    }

    [Fact]
    public void A_missing_value_goes_where_most_went()
    {
        var cart = Cart.Train([1, 2, 3, 9], 1, [0, 0, 0, 1]);
        Assert.Equal([0], Predict(cart, [float.NaN], 1));
    }

    [Theory]
    [InlineData(float.NaN, 1, "row 1, column 0")]
    [InlineData(float.PositiveInfinity, 1, "row 1, column 0")]
    [InlineData(2, float.NaN, "label of row 1")]
    [InlineData(2, 0.5f, "whole number")]
    [InlineData(2, -1, "whole number")]
    public void Bad_input_is_named(float value, float label, string said)
        => Assert.Contains(said, Assert.Throws<ArgumentException>(
            () => Cart.Train([1, value], 1, [0, label], options: Classes)).Message, StringComparison.Ordinal);

    [Fact]
    public void No_rows_and_lengths_that_differ_are_errors()
    {
        Assert.Throws<ArgumentException>(() => Cart.Train([], 1, []));
        Assert.Throws<ArgumentException>(() => Cart.Train([1, 2, 3], 2, [1]));
        Assert.Throws<ArgumentException>(() => Cart.Train([1, 2], 1, [1, 2], [1]));
        Assert.Throws<ArgumentException>(() => Cart.Train([1, 2], 1, [1, 2], [0, 0]));
        Assert.Throws<ArgumentException>(() => Cart.Train([1, 2], 1, [1, 2], [1, float.NaN]));
    }

    [Fact]
    public void It_can_be_cancelled()
        => Assert.Throws<OperationCanceledException>(() => Cart.Train([1, 2], 1, [1, 2], cancel: new CancellationToken(true)));

    [Fact]
    public void Its_file_is_safe()
    {
        var (x, y) = Noise(12, 2);
        ModelFileContract.Check(Cart.Train(x, 2, y, options: new() { MaxDepth = 3 }), cart => Predict(cart, Grid(cart.Tree), 7));
        ModelFileContract.Check(Cart.Train([1, 2, 3, 3], 1, [0, 1, 2, 1], options: Classes), cart =>
        {
            var rows = Grid(cart.Tree);
            var n = cart.Tree.ColumnCount;
            if (cart.ClassCount == 0) return Predict(cart, rows, 7);
            return [.. Predict(cart, rows, 7),
                .. Enumerable.Range(0, 7).SelectMany(i => cart.Probabilities(rows.AsSpan(i * n, n)).ToArray())];
        });
    }

    internal static (float[] X, float[] Y) Noise(int rows, int columns, ulong seed = 3)
    {
        var rng = new Rng(seed);
        return ([.. Enumerable.Range(0, rows * columns).Select(i => MathF.Round(1000 * rng.Uniform((ulong)i)) / 100)],
            [.. Enumerable.Range(0, rows).Select(i => (float)rng.Stream(1).Normal((ulong)i))]);
    }

    internal static float[] Grid(TreeEnsemble trees)
        => [.. Enumerable.Range(0, 7 * trees.ColumnCount)
            .Select(i => i % 11 == 10 ? float.NaN : i % 5 == 4 ? float.NegativeInfinity : i % 12)];

    internal static IEnumerable<TreeNode> Nodes(TreeEnsemble trees) => Enumerable.Range(0, trees.NodeCount).Select(i => trees[i]);

    private static float[] Predict(Cart cart, float[] x, int rows)
    {
        var scores = new float[rows];
        cart.Predict(x, scores);
        return scores;
    }
}

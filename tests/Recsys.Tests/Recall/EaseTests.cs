using Recsys.Data;
using Recsys.Recall;
using Recsys.Tests.Contracts;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Recall;

public sealed class EaseTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Weights_and_scores_are_those_of_the_definition(bool useValues)
    {
        const float Lambda = 7;
        var data = ContractData.Skewed();
        var n = data.ItemCount;
        var x = Dense(data, useValues);
        var gram = new float[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                gram[i * n + j] = x.Sum(row => row[i] * row[j]) + (i == j ? Lambda : 0);
        var p = SlowSolve.Inverse(gram, n);

        var model = Ease.Train(data, new EaseOptions { Regularization = Lambda, UseValues = useValues });
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                Assert.Equal(i == j ? 0 : -p[i * n + j] / p[j * n + j], model.Weight(i, j), 2e-4);

        foreach (var user in new[] { 0, 7, 59 })
            foreach (var (item, score) in Lists.Recall(model, user, n))
            {
                var sum = Enumerable.Range(0, n).Where(i => i != item).Sum(i => x[user][i] * -p[i * n + item] / p[item * n + item]);
                Assert.Equal(sum, score, 2e-3);
            }

        var list = new ScoredItem[n];
        var count = model.SimilarItems(3, default, list);
        Assert.Equal(Enumerable.Range(0, n).Count(j => j != 3 && model.Weight(3, j) > 0), count);
        foreach (var (item, score) in list.AsSpan(0, count))
            Assert.Equal(-p[3 * n + item] / Math.Sqrt(p[3 * n + 3] * p[item * n + item]), score, 2e-4);
    }

    [Fact]
    public void Two_items_by_hand()
    {
        // XᵀX + I = [3 1; 1 2], its inverse [2 -1; -1 3] / 5.
        var data = ContractData.Build(2, 2, add =>
        {
            add(0, 0, 1, 0);
            add(0, 1, 1, 1);
            add(1, 0, 1, 2);
        });
        var model = Ease.Train(data, new EaseOptions { Regularization = 1 });
        Assert.Equal(1 / 3.0, model.Weight(0, 1), 1e-6);
        Assert.Equal(1 / 2.0, model.Weight(1, 0), 1e-6);
        Assert.Equal(0, model.Weight(1, 1));
        var list = Lists.Recall(model, 1, 1, exclude: [0]);
        Assert.Equal(1, list[0].Item);
        Assert.Equal(1 / 3.0, list[0].Score, 1e-6);
        Assert.Equal(1, model.SimilarItems(0, default, list));
        Assert.Equal(1 / Math.Sqrt(6), list[0].Score, 1e-6);
    }

    [Fact]
    public void Items_that_everybody_has_are_alike_and_an_item_without_users_scores_0()
    {
        var data = ContractData.Build(4, 3, add =>
        {
            for (var user = 0; user < 4; user++)
                for (var item = 0; item < 2; item++) add(user, item, 1, item);
        });
        var model = Ease.Train(data);
        Assert.Equal(model.Weight(0, 1), model.Weight(1, 0), 1e-7);
        Assert.Equal([0, 0], [model.Weight(0, 2), model.Weight(2, 0)]);
        Assert.Equal(new ScoredItem(2, 0), Assert.Single(Lists.Recall(model, 0, 3, exclude: [0, 1])));
    }

    [Fact]
    public void Too_small_a_regularization_is_an_error_that_says_so()
    {
        var data = ContractData.Build(3, 2, add =>
        {
            for (var user = 0; user < 3; user++)
                for (var item = 0; item < 2; item++) add(user, item, 1e6f, item);
        });
        var error = Assert.Throws<ArithmeticException>(
            () => Ease.Train(data, new EaseOptions { Regularization = 0.001f, UseValues = true }));
        Assert.Contains(nameof(EaseOptions.Regularization), error.Message, StringComparison.Ordinal);
    }

    private static float[][] Dense(Interactions data, bool useValues)
    {
        var x = new float[data.UserCount][];
        for (var user = 0; user < x.Length; user++)
        {
            x[user] = new float[data.ItemCount];
            for (var k = 0; k < data.ItemsOf(user).Length; k++)
            {
                ref var cell = ref x[user][data.ItemsOf(user)[k]];
                cell = useValues ? cell + data.ValuesOf(user)[k] : 1;
            }
        }
        return x;
    }
}

using Recsys.Features;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Tests.Rank;

public sealed class GbdtConstraintTests
{
    private static (float[] X, float[] Y) Waves(int rows = 1_500)
    {
        var rng = new Rng(6);
        var (x, y) = (new float[rows * 3], new float[rows]);
        for (var i = 0; i < x.Length; i++) x[i] = i % 11 == 0 ? float.NaN : (float)(4 * rng.UniformDouble((ulong)i)) - 2;
        for (var i = 0; i < rows; i++)
        {
            double Wave(float v) => float.IsNaN(v) ? 0.5 : Math.Sin(3 * v) + (0.5 * v);
            y[i] = (float)(Wave(x[3 * i]) - (1.5 * Wave(x[(3 * i) + 1])) + (0.3 * Wave(x[(3 * i) + 2])) + (0.1 * rng.Normal((ulong)i)));
        }
        return (x, y);
    }

    [Theory]
    [InlineData("squared")]
    [InlineData("huber")]
    [InlineData("quantile")]
    [InlineData("own")]
    public void A_score_never_moves_against_a_constraint(string objective)
    {
        var (x, y) = Waves();
        var options = new GbdtOptions
        {
            Objective = GbdtObjectiveTests.Named(objective),
            Trees = 30,
            LearningRate = 0.3,
            MonotoneColumns = [1, -1, 0],
            L1 = 0.1,
        };
        var model = Gbdt.Train(x, 3, y, options: options);
        var free = Gbdt.Train(x, 3, y, options: options with { MonotoneColumns = null });
        var (turnsWith, turnsWithout) = (0, 0);
        var row = new float[3];
        for (var i = 0; i < 60; i++)
        {
            foreach (var (column, sign) in new[] { (0, 1), (1, -1), (2, 0) })
            {
                var (last, lastFree) = (float.NegativeInfinity, float.NegativeInfinity);
                x.AsSpan(3 * i, 3).CopyTo(row);
                for (var v = -2.2f; v < 2.2f; v += 0.05f)
                {
                    row[column] = v;
                    var (score, scoreFree) = (GbdtTests.Predict(model, row)[0], GbdtTests.Predict(free, row)[0]);
                    if (sign != 0) Assert.True(v < -2.19f || sign * score >= sign * last, $"column {column} at {v}: {last}, then {score}");
                    if (sign == 0 && score < last) turnsWith++;
                    if (sign != 0 && v > -2.19f && sign * scoreFree < sign * lastFree) turnsWithout++;
                    (last, lastFree) = (score, scoreFree);
                }
            }
        }
        Assert.True(turnsWith > 0);
        Assert.True(turnsWithout > 0);
        Assert.All(CartTests.Nodes(model.Trees).Where(n => !n.IsLeaf), n => Assert.True(n.Gain > 0));
    }

    [Fact]
    public void A_constraint_that_the_data_keep_changes_nothing_to_speak_of()
    {
        var x = Enumerable.Range(0, 400).Select(i => (float)i).ToArray();
        var y = Array.ConvertAll(x, v => MathF.Sqrt(v));
        var options = new GbdtOptions { Objective = GbdtObjective.Squared, Trees = 10, Threads = 1 };
        var free = GbdtTests.Predict(Gbdt.Train(x, 1, y, options: options), x);
        var bound = GbdtTests.Predict(Gbdt.Train(x, 1, y, options: options with { MonotoneColumns = [1] }), x);
        for (var i = 0; i < 400; i++) Assert.Equal(free[i], bound[i], 0.02);
        // Against the data nothing is left to split.
        Assert.Equal(10, Gbdt.Train(x, 1, y, options: options with { MonotoneColumns = [-1] }).Trees.LeafCount);
    }

    [Fact]
    public void Features_are_constrained_by_name_and_bad_constraints_are_errors()
    {
        var rng = new Rng(4);
        var table = Columns.From(Enumerable.Range(0, 500)).Number("age", i => rng.Normal((ulong)i))
            .Text("colour", i => "rgb"[i % 3].ToString()).Number("click", i => Math.Sin(4 * rng.Normal((ulong)i)) > 0 ? 1 : 0).Build();
        var features = new FeatureSchema(Feature.Number("age", Side.Context), Feature.Category("colour", Side.Context),
            Feature.Label("click")).Fit(contexts: table);
        var examples = features.Examples(table);
        Gbdt Train(string name) => Gbdt.Train(features, examples, new() { MonotoneFeatures = new Dictionary<string, int> { [name] = 1 } });
        var model = Train("age");
        var last = float.NegativeInfinity;
        var row = new float[model.Trees.ColumnCount];
        for (var age = -3f; age < 3; age += 0.1f)
        {
            row[model.Layout!.FirstColumn(0)] = age;
            var score = GbdtTests.Predict(model, row)[0];
            Assert.True(score >= last);
            last = score;
        }
        Assert.Contains("'colour'", Assert.Throws<ArgumentException>(() => Train("colour")).Message, StringComparison.Ordinal);
        Assert.Contains("'size'", Assert.Throws<ArgumentException>(() => Train("size")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new GbdtOptions { MonotoneColumns = [2] });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GbdtOptions { MonotoneFeatures = new Dictionary<string, int> { ["a"] = -2 } });
        foreach (var bad in new GbdtOptions[]
        {
            new() { MonotoneColumns = [1, 0] },
            new() { MonotoneColumns = [1], CategoricalColumns = [0] },
            new() { MonotoneColumns = [1], Objective = GbdtObjective.Softmax(2) },
            new() { MonotoneFeatures = new Dictionary<string, int> { ["a"] = 1 } },
        }) Assert.Throws<ArgumentException>(() => Gbdt.Train([1, 2], 1, [0, 1], options: bad));
    }
}

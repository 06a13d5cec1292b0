using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Recsys.Features;
using Recsys.Rank;
using Recsys.Tests.Contracts;
using static Recsys.Tests.Rank.ImportedFixture;

namespace Recsys.Tests.Rank;

public sealed class ImportedTreesTests
{
    public static TheoryData<string, string> Models => new()
    {
        { "xgboost", "binary" }, { "xgboost", "squared" }, { "xgboost", "poisson" }, { "xgboost", "softprob" }, { "xgboost", "forest" },
        { "xgboost", "sets" }, { "xgboost", "onehot" }, { "xgboost", "dart" }, { "xgboost", "rank" },
        { "lightgbm", "binary" }, { "lightgbm", "zero" }, { "lightgbm", "none" }, { "lightgbm", "mixed" }, { "lightgbm", "sets" },
        { "lightgbm", "onehot" }, { "lightgbm", "ova" }, { "lightgbm", "poisson" }, { "lightgbm", "forest" }, { "lightgbm", "dart" },
        { "lightgbm", "stump" }, { "lightgbm", "forests" },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Scores_are_those_of_the_tool(string tool, string name)
    {
        var f = Of(tool, name);
        var scores = new float[f.Rows * f.Model.OutputCount];
        f.Model.RawScores(f.X, scores);
        Close(f.Raw, Array.ConvertAll(scores, s => (double)s), 1e-6);
        f.Model.Predict(f.X, scores);
        Close(f.Predict, Array.ConvertAll(scores, s => (double)s), 1e-6);
        Allocations.AssertNone(() => f.Model.Predict(f.X, scores), calls: 3);
        var one = new float[f.Model.OutputCount];
        f.Model.Predict(f.X.AsSpan(0, f.Model.Columns.Count), one);
        Assert.Equal(scores[..one.Length], one);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Contributions_are_those_of_the_tool_and_add_up(string tool, string name)
    {
        var f = Of(tool, name);
        var contributions = new double[f.Rows * f.Model.OutputCount * (f.Model.Columns.Count + 1)];
        f.Model.Contributions(f.X, contributions);
        // Both tools sum in floats here and there.
        Close(f.Contributions, contributions, tool == "xgboost" ? 2e-5 : 1e-6);
        var width = f.Model.Columns.Count + 1;
        for (var i = 0; i < f.Raw.Length; i++)
            Assert.Equal(f.Raw[i], contributions.AsSpan(i * width, width).ToArray().Sum(), 1e-5 * Math.Max(1, Math.Abs(f.Raw[i])));
        Allocations.AssertNone(() => f.Model.Contributions(f.X, contributions), calls: 1);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Rows_share_a_leaf_where_they_do_in_the_tool(string tool, string name)
    {
        var f = Of(tool, name);
        var trees = f.Model.Trees.TreeCount;
        var leaves = new int[f.Rows * trees];
        f.Model.Leaves(f.X, leaves);
        // XGBoost keeps the trees of a forest by class; here classes take turns.
        static string Partition(IEnumerable<int> column)
        {
            var names = new Dictionary<int, int>();
            return string.Join(",", column.Select(leaf => names.TryGetValue(leaf, out var n) ? n : names[leaf] = names.Count));
        }
        IEnumerable<string> Partitions(int[] all)
            => Enumerable.Range(0, trees).Select(t => Partition(Enumerable.Range(0, f.Rows).Select(i => all[(i * trees) + t])));
        var (expected, actual) = (Partitions(f.Leaves).ToList(), Partitions(leaves).ToList());
        if (name == "forest" && tool == "xgboost")
            (expected, actual) = ([.. expected.Order(StringComparer.Ordinal)], [.. actual.Order(StringComparer.Ordinal)]);
        Assert.Equal(expected, actual);
        for (var i = 0; i < leaves.Length; i++)
            Assert.InRange(leaves[i], f.Model.Trees.FirstLeaf(i % trees), f.Model.Trees.FirstLeaf((i % trees) + 1) - 1);
    }

    [Fact]
    public void Rounds_behind_the_best_one_count_unless_they_are_left_out()
    {
        using var answers = JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(Folder("xgboost"), "stopped.answers.json")));
        double[] Numbers(string key) => [.. answers.RootElement.GetProperty(key).EnumerateArray()
            .Select(e => e.ValueKind == JsonValueKind.Null ? double.NaN : e.GetDouble())];
        var x = Array.ConvertAll(Numbers("x"), v => (float)v);
        foreach (var untilBest in new[] { false, true })
        {
            var model = XGBoostModel.Load(ImportedFixture.File("xgboost", "stopped"), untilBest);
            var scores = new float[x.Length / model.Columns.Count * model.OutputCount];
            model.Predict(x, scores);
            Close(Numbers(untilBest ? "best" : "predict"), Array.ConvertAll(scores, s => (double)s), 1e-6);
        }
        var text = System.IO.File.ReadAllText(ImportedFixture.File("xgboost", "stopped"));
        foreach (var attribute in new[] { "\"best_iteration\":\"99\"", "\"best_iteration\":\"-1\"", "\"best_iteration\":\"x\"", "\"a\":\"5\"" })
        {
            var bytes = Encoding.UTF8.GetBytes(Regex.Replace(text, "\"best_iteration\":\"\\d+\"", attribute));
            Assert.Contains("best_iteration",
                Assert.Throws<InvalidDataException>(() => XGBoostModel.Read(new MemoryStream(bytes), untilBest: true)).Message,
                StringComparison.Ordinal);
            Assert.Equal(3, XGBoostModel.Read(new MemoryStream(bytes)).OutputCount);
        }
    }

    [Fact]
    public void What_the_files_say_is_kept()
    {
        var squared = Load("xgboost", "squared");
        Assert.Equal(["height", "width", "depth", "kind", "level"], squared.Columns);
        Assert.Equal("xgboost 1.7.4", squared.Origin);
        Assert.Equal([2.5f], squared.BaseScores);
        Assert.Equal(["f0", "f1", "f2", "f3", "f4"], Load("xgboost", "binary").Columns);
        Assert.Equal(MathF.Log(0.3f / 0.7f), Load("xgboost", "binary").BaseScores[0], 1e-6f);
        Assert.Equal(ScoreLink.Softmax, Load("lightgbm", "sets").Link);
        Assert.Equal("lightgbm v4", Load("lightgbm", "sets").Origin);
        // A column in which 0 is missing in some trees and a value in others stands twice in the trees.
        Assert.True(Load("lightgbm", "mixed").Trees.ColumnCount > 5);
        Assert.Equal(5, Load("lightgbm", "zero").Trees.ColumnCount);
    }

    [Theory]
    [InlineData("xgboost", "squared")]
    [InlineData("lightgbm", "mixed")]
    public void Importance_is_that_of_the_file_by_the_names_of_its_columns(string tool, string name)
    {
        var model = Load(tool, name);
        var importance = model.Importance();
        Assert.Equal(model.Columns.Order(StringComparer.Ordinal), importance.Select(i => i.Feature).Order(StringComparer.Ordinal));
        Assert.Equal(model.Trees.NodeCount - model.Trees.LeafCount, importance.Sum(i => i.Splits));
        if (tool == "lightgbm")
        {
            // The file lists how often each column splits.
            var lines = System.IO.File.ReadAllLines(File(tool, name)).SkipWhile(l => l != "feature_importances:").Skip(1)
                .TakeWhile(l => l.Length > 0).Select(l => l.Split('=')).ToDictionary(p => p[0], p => long.Parse(p[1], null));
            Assert.Equal(lines, importance.Where(i => i.Splits > 0).ToDictionary(i => i.Feature, i => i.Splits));
            return;
        }
        using var answers = System.Text.Json.JsonDocument.Parse(
            System.IO.File.ReadAllBytes(Path.Combine(Folder(tool), name + ".answers.json")));
        foreach (var i in importance.Where(i => i.Splits > 0))
        {
            Assert.Equal(answers.RootElement.GetProperty("weight").GetProperty(i.Feature).GetDouble(), i.Splits);
            Assert.Equal(answers.RootElement.GetProperty("gain").GetProperty(i.Feature).GetDouble(), i.Gain, 1e-3 * i.Gain);
        }
    }

    [Fact]
    public void Its_file_is_safe()
    {
        foreach (var (tool, name) in new[] { ("xgboost", "sets"), ("lightgbm", "mixed"), ("lightgbm", "sets") })
        {
            ModelFileContract.Check(Load(tool, name), model =>
            {
                var x = new float[7 * model.Columns.Count];
                for (var i = 0; i < x.Length; i++) x[i] = i % 11 == 10 ? float.NaN : i % 5 == 4 ? float.NegativeInfinity : i % 12;
                var scores = new float[7 * model.OutputCount];
                model.Predict(x, scores);
                var contributions = new double[7 * model.OutputCount * (model.Columns.Count + 1)];
                model.Contributions(x, contributions);
                return [.. scores, .. contributions.Select(c => (float)c)];
            });
        }
    }

    [Fact]
    public void It_ranks_encoded_features_whose_columns_are_its_own()
    {
        var f = Of("xgboost", "binary");
        var columns = Columns.From(Enumerable.Range(0, f.Rows));
        foreach (var c in Enumerable.Range(0, 5))
            columns = columns.Number($"f{c}", i => float.IsNaN(f.X[(5 * i) + c]) ? null : f.X[(5 * i) + c]);
        var table = columns.Build();
        var features = new FeatureSchema([.. Enumerable.Range(0, 5).Select(c => Feature.Number($"f{c}", Side.Context, indicator: true))])
            .Fit(contexts: table);
        var batch = features.CreateBatch(f.Rows);
        features.Assemble(new CandidateRequest(-1, []), batch);
        var examples = features.Examples(table);
        features.Assemble(examples, 0, f.Rows, batch);
        var model = f.Model.With(features.Schema);
        var scores = new float[f.Rows];
        model.Score(batch, scores);
        Close(f.Predict, Array.ConvertAll(scores, s => (double)s), 1e-6);
        Allocations.AssertNone(() => model.Score(batch, scores));
        var contributions = new double[f.Rows * 6];
        model.Explain(batch, contributions);
        Close(f.Contributions, contributions, 2e-5);
        Assert.Same(features.Schema, model.Schema);

        Assert.Throws<InvalidOperationException>(() => f.Model.Score(batch, scores));
        Assert.Contains("5 columns (f0, f1, f2, f3, f4)", Assert.Throws<ArgumentException>(
            () => f.Model.With(features.Schema, new() { Features = ["f1"] })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Load("xgboost", "softprob").With(features.Schema));
        Assert.Throws<ArgumentException>(() => f.Model.Predict(new float[4], new float[1]));
        Assert.Throws<ArgumentException>(() => f.Model.Contributions(new float[5], new double[7]));
    }
}

using System.Text;
using Recsys.Numerics;
using Recsys.Rank;
using static Recsys.Tests.Rank.ImportedFixture;

namespace Recsys.Tests.Rank;

/// <summary>Files of other tools that are damaged, forged, or use what is not supported.</summary>
public sealed class ImportedFilesTests
{
    private static string Text(string tool, string name) => System.IO.File.ReadAllText(File(tool, name));

    private static string Refused(string tool, string text)
        => Assert.Throws<InvalidDataException>(() => Read(tool, Encoding.UTF8.GetBytes(text))).Message;

    private static string Changed(string tool, string name, string old, string replacement)
    {
        var text = Text(tool, name);
        var at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{name} has no {old}");
        return text[..at] + replacement + text[(at + old.Length)..];
    }

    private static void Says(string expected, string message) => Assert.Contains(expected, message, StringComparison.Ordinal);

    [Theory]
    [InlineData("binary", "\"name\":\"gbtree\"", "\"name\":\"gbforest\"", "'learner.gradient_booster.name' is 'gbforest'")]
    [InlineData("binary", "\"name\":\"binary:logistic\"", "\"name\":\"binary:hinge\"", "'learner.objective.name' is 'binary:hinge'")]
    [InlineData("binary", "\"base_score\":\"3E-1\"", "\"base_score\":\"0\"", "param.base_score' gives the raw score")]
    [InlineData("binary", "\"base_score\":\"3E-1\"", "\"base_score\":\"[1E-1,2E-1]\"", "2 numbers for 1 outputs")]
    [InlineData("binary", "\"base_score\":\"3E-1\"", "\"base_score\":\"half\"", "is 'half'")]
    [InlineData("binary", "\"num_feature\":\"5\",\"num_target\"", "\"num_feature\":\"2000000000\",\"num_target\"",
        "num_feature' is 2000000000")]
    [InlineData("binary", "\"num_feature\":\"5\",\"num_target\"", "\"num_feature\":\"1\",\"num_target\"", "split_indices' names column")]
    [InlineData("binary", "\"num_class\":\"0\"", "\"num_class\":\"2\"", "Output 1 has 0 trees")]
    [InlineData("binary", "\"left_children\":[1", "\"left_children\":[0", "'learner.gradient_booster.model.trees[0]': node 0 is the child")]
    [InlineData("binary", "\"left_children\":[1", "\"left_children\":[77777", "has the child 77777")]
    [InlineData("binary", "\"left_children\":[1", "\"left_children\":[1.5", "left_children[0]' is 1.5, not a whole number")]
    [InlineData("binary", "\"left_children\":[1,", "\"left_children\":[", "values where")]
    [InlineData("binary", "\"left_children\"", "\"right\"", "'learner.gradient_booster.model.trees[0]' has no 'left_children'")]
    [InlineData("binary", "\"split_conditions\":[", "\"split_conditions\":[NaN,", "split_conditions' has")]
    [InlineData("binary", "\"tree_info\":[0", "\"tree_info\":[5", "gives tree 0 to output 5")]
    [InlineData("binary", "\"learner\"", "\"teacher\"", "has no 'learner'")]
    [InlineData("binary", "{\"learner\"", "{L\"learner\"", "UBJSON")]
    [InlineData("binary", "{\"learner\"", "binf", "old binary format")]
    [InlineData("binary", "{\"learner\"", "[\"learner\"", "Line 1, byte")]
    [InlineData("sets", "\"categories_segments\":[0", "\"categories_segments\":[1", "categories_segments' gives node")]
    [InlineData("sets", "\"categories_nodes\":[0", "\"categories_nodes\":[1", "categories_nodes' names node 1")]
    [InlineData("sets", "\"split_type\":[1", "\"split_type\":[2", "categories_nodes' names node 0")]
    [InlineData("sets", "\"categories\":[", "\"categories\":[-1,", "has the category -1")]
    [InlineData("squared", "\"height\",", "", "4 names for 5 columns")]
    [InlineData("dart", "\"weight_drop\":[", "\"weight_drop\":[1,", "7 weights for 6 trees")]
    public void A_file_of_XGBoost_that_cannot_be_read_is_refused_with_the_field(string name, string old, string replacement, string said)
        => Says(said, Refused("xgboost", Changed("xgboost", name, old, replacement)));

    [Theory]
    [InlineData("binary", "tree\n", "forest\n", "Line 1 ('forest') is not 'tree'")]
    [InlineData("binary", "version=v4", "version=v9", "Line 2: 'version' is 'v9'")]
    [InlineData("binary", "objective=binary sigmoid:1.5", "objective=cross_entropy_lambda",
        "Line 7: 'objective' is 'cross_entropy_lambda'")]
    [InlineData("binary", "sigmoid:1.5", "sigmoid:-1", "'objective' has 'sigmoid:-1'")]
    [InlineData("binary", "max_feature_idx=4", "max_feature_idx=5", "5 names; max_feature_idx says 6")]
    [InlineData("binary", "num_tree_per_iteration=1", "num_tree_per_iteration=4", "6 trees cannot be shared evenly by 4 outputs")]
    [InlineData("binary", "num_leaves=12", "num_leaves=2000000000", "'leaf_value' has 12 values where 2000000000 belong")]
    [InlineData("binary", "num_leaves=12", "num_leaves=0", "not a whole number from 1")]
    [InlineData("binary", "left_child=", "left_child=x ", "'left_child' has 12 values where 11 belong")]
    [InlineData("binary", "left_child=1 ", "left_child=0 ", "Tree 1: node 0 is the child")]
    [InlineData("binary", "left_child=1 ", "left_child=-13 ", "'left_child' is -13 at 0")]
    [InlineData("binary", "left_child=1 ", "left_child=11 ", "'left_child' is 11 at 0")]
    [InlineData("binary", "left_child=1 ", "left_child=one ", "has 'one' at 0, not a whole number")]
    [InlineData("binary", "split_feature=", "split_feature=9 ", "'split_feature' has 12 values")]
    [InlineData("binary", "decision_type=", "decision_type_=", "")]
    [InlineData("binary", "threshold=", "threshold=nan ", "values where")]
    [InlineData("binary", "leaf_value=", "num_leaves=12\nleaf_value=", "gives 'num_leaves' a second time")]
    [InlineData("binary", "end of trees", "end of tree", "is neither a tree nor 'end of trees'")]
    [InlineData("sets", "cat_boundaries=0", "cat_boundaries=1", "'cat_boundaries' is 1 at 0")]
    [InlineData("sets", "cat_threshold=", "cat_threshold=7 ", "'cat_threshold' has")]
    [InlineData("sets", "threshold=0 ", "threshold=1 ", "not the number of a set of categories of its own")]
    [InlineData("sets", "threshold=0 ", "threshold=inf ", "not the number of a set of categories of its own")]
    [InlineData("sets", "num_cat=2", "num_cat=2147483646", "'cat_boundaries' has")]
    [InlineData("sets", "num_cat=2", "num_cat=-2", "'num_cat' is '-2'")]
    [InlineData("binary", "decision_type=", "decision_type=12 ", "'decision_type' has 12 values")]
    public void A_file_of_LightGBM_that_cannot_be_read_is_refused_with_the_line(string name, string old, string replacement, string said)
    {
        var changed = Changed("lightgbm", name, old, replacement);
        if (said.Length > 0) Says(said, Refused("lightgbm", changed));
        else Read("lightgbm", Encoding.UTF8.GetBytes(changed));
    }

    [Fact]
    public void What_is_not_supported_is_named()
    {
        Says("'learner.gradient_booster.name' is 'gblinear'; only gbtree and dart", Refused("xgboost", Text("xgboost", "linear")));
        Says("tree 0 has linear leaves", Refused("lightgbm", Text("lightgbm", "linear")));
        Says("reg_sqrt=true", Refused("lightgbm", Text("lightgbm", "sqrt")));
        Says("The file is empty", Refused("lightgbm", ""));
        Says("no JSON", Refused("xgboost", ""));
        var half = Text("lightgbm", "binary");
        Says("without 'end of trees'", Refused("lightgbm", half[..half.IndexOf("end of trees", StringComparison.Ordinal)]));
        Says("no JSON", Refused("xgboost", new string('[', 100_000)));
        Says("leaves are vectors", Refused("xgboost", Text("xgboost", "binary").Replace(
            "\"size_leaf_vector\":\"0\"", "\"size_leaf_vector\":\"3\"", StringComparison.Ordinal)));
        var splits = Text("lightgbm", "binary").Split('\n');
        var at = Array.FindIndex(splits, line => line.StartsWith("decision_type=", StringComparison.Ordinal));
        splits[at] = "decision_type=15 " + splits[at].Split(' ', 2)[1];
        Says($"Line {at + 1}: 'decision_type' is 15 at 0", Refused("lightgbm", string.Join('\n', splits)));
    }

    [Fact]
    public void Other_spellings_of_the_same_are_read()
    {
        var scores = Score(Load("xgboost", "binary"));
        Assert.Equal(scores, Score(Read("xgboost", Encoding.UTF8.GetBytes(
            Changed("xgboost", "binary", "\"base_score\":\"3E-1\"", "\"base_score\":\"[3E-1]\"")))));
        var old = Text("xgboost", "binary").Replace("\"default_left\":[1", "\"default_left\":[true", StringComparison.Ordinal)
            .Replace("\"default_left\":[0", "\"default_left\":[false", StringComparison.Ordinal);
        Assert.Contains("[true", old, StringComparison.Ordinal);
        Assert.Equal(scores, Score(Read("xgboost", Encoding.UTF8.GetBytes(old))));
        var lines = Text("lightgbm", "binary").Replace("\n", "\r\n", StringComparison.Ordinal);
        Assert.Equal(Score(Load("lightgbm", "binary")), Score(Read("lightgbm", Encoding.UTF8.GetBytes(lines))));
        // Words in quotes stay, whatever they spell.
        var named = Text("xgboost", "sets").Replace("\"feature_names\":[]",
            "\"feature_names\":[\"NaN\",\"-Infinity\\\\\",\"a\\\"NaN\",\"I\",\"N\"]", StringComparison.Ordinal);
        Assert.Equal(["NaN", "-Infinity\\", "a\"NaN", "I", "N"], Read("xgboost", Encoding.UTF8.GetBytes(named)).Columns);
    }

    [Fact]
    public void A_chain_of_many_splits_is_read_scored_and_explained()
    {
        const int Depth = 20_000;
        string Joined<T>(Func<int, T> value, int count) => string.Join(' ', Enumerable.Range(0, count).Select(value));
        var text = $"""
            tree
            version=v4
            num_tree_per_iteration=1
            max_feature_idx=0
            feature_names=a

            Tree=0
            num_leaves={Depth + 1}
            num_cat=0
            split_feature={Joined(_ => 0, Depth)}
            threshold={Joined(i => i, Depth)}
            left_child={Joined(i => -1 - i, Depth)}
            right_child={Joined(i => i + 1 == Depth ? -1 - Depth : i + 1, Depth)}
            leaf_value={Joined(i => i, Depth + 1)}

            end of trees
            """;
        var model = Read("lightgbm", Encoding.UTF8.GetBytes(text));
        var scores = new float[3];
        model.Predict([-1, 777.5f, 1e9f], scores);
        Assert.Equal([0, 778, Depth], scores);
        var contributions = new double[2];
        model.Contributions([777.5f], contributions);
        Assert.Equal(778, contributions.Sum(), 1e-6);
    }

    [Theory]
    [InlineData("xgboost", "sets")]
    [InlineData("xgboost", "dart")]
    [InlineData("xgboost", "softprob")]
    [InlineData("lightgbm", "sets")]
    [InlineData("lightgbm", "mixed")]
    public void A_damaged_file_is_refused_or_gives_a_model_that_is_safe(string tool, string name)
    {
        var good = System.IO.File.ReadAllBytes(File(tool, name));
        string[] words = ["0", "-1", "1", "2147483647", "-2147483648", "4294967295", "1e300", "-1e300", "1e-300", "NaN", "inf", "", " ",
            "\n", "=", "[", "]", "{", "}", ",", "\"", "null", "true", "99999999999999999999", "\0", "é"];
        var (rng, draw, refused) = (new Rng(5), 0ul, 0);
        for (var round = 0; round < 500; round++)
        {
            var bytes = good.ToList();
            for (var change = rng.Below(draw++, 3); change >= 0; change--)
            {
                var at = rng.Below(draw++, bytes.Count);
                var word = Encoding.UTF8.GetBytes(words[rng.Below(draw++, words.Length)]);
                switch (rng.Below(draw++, 5))
                {
                    case 0: bytes[at] ^= (byte)(1 << rng.Below(draw++, 8)); break;
                    case 1: bytes.RemoveRange(at, Math.Min(1 + rng.Below(draw++, 40), bytes.Count - at)); break;
                    case 2: bytes.InsertRange(at, word); break;
                    case 3:
                        // A whole number in its place, so that what it counts or points at is wrong.
                        var end = at;
                        while (at > 0 && char.IsAsciiDigit((char)bytes[at - 1])) at--;
                        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end])) end++;
                        bytes.RemoveRange(at, end - at);
                        bytes.InsertRange(at, word);
                        break;
                    default: bytes.InsertRange(at, bytes.Skip(rng.Below(draw++, bytes.Count)).Take(60).ToArray()); break;
                }
            }
            ImportedTrees model;
            try
            {
                model = Read(tool, [.. bytes]);
            }
            catch (InvalidDataException e)
            {
                refused++;
                Assert.InRange(e.Message.Length, 5, 500);
                continue;
            }
            Assert.All(Score(model), score => Assert.False(float.IsNaN(score)));
        }
        Assert.InRange(refused, 100, 499);
    }

    private static float[] Score(ImportedTrees model)
    {
        var x = new float[5 * model.Columns.Count];
        for (var i = 0; i < x.Length; i++) x[i] = i % 7 == 6 ? float.NaN : (i % 11) - 3;
        var scores = new float[5 * model.OutputCount];
        model.RawScores(x, scores);
        var contributions = new double[5 * model.OutputCount * (model.Columns.Count + 1)];
        model.Contributions(x, contributions);
        for (var i = 0; i < scores.Length; i++)
            Assert.Equal(scores[i], contributions.AsSpan(i * (model.Columns.Count + 1), model.Columns.Count + 1).ToArray().Sum(),
                1e-4 * (1 + contributions.Max(Math.Abs)));
        return scores;
    }
}

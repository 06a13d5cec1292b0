// XGBoost's JSON model, as its documentation defines it ("Introduction to Model IO", doc/tutorials/saving_model.rst, and doc/model.schema).
//   x < split_conditions[n] goes left, a missing value by default_left[n]; a category in the node's list goes right, all others left;
//   a leaf's value stands in split_conditions, with learning rate; margin = link⁻¹(base_score) + Σ leaves (× weight_drop for dart).

using System.Text.Json;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>Reads the JSON models of XGBoost: <c>booster.save_model("model.json")</c>.</summary>
/// <remarks>
/// Boosters gbtree and dart; numeric and categorical splits (whole numbers, one-hot or by sets); one or several outputs. Refused, with an
/// error that names it: gblinear, trees whose leaves are vectors, objectives of unknown output, UBJSON and the old binary format. A
/// value that is missing must be NaN here, whatever <c>missing=</c> was when training. <c>multi:softmax</c>, of which XGBoost itself
/// predicts the number of the likeliest class, gives the probabilities of all classes here, as <c>multi:softprob</c> does.
/// <para>
/// After early stopping the file also holds the rounds behind the best one. <c>Booster.predict</c> counts them all, and so does what is
/// read here unless told otherwise; <c>XGBClassifier</c>, <c>XGBRegressor</c> and <c>XGBRanker</c> leave them out: for their scores pass
/// <c>untilBest: true</c>.
/// </para>
/// </remarks>
public static class XGBoostModel
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">Of a .json file, at most 1 GiB.</param>
    /// <param name="untilBest">
    /// Whether to leave out the rounds behind <c>best_iteration</c>, which early stopping writes. Default false: all trees count.
    /// </param>
    /// <exception cref="InvalidDataException">
    /// It is no such model, is damaged, uses what is not supported, or names no best round where one is asked for; the message says where.
    /// </exception>
    public static ImportedTrees Load(string path, bool untilBest = false)
    {
        using var stream = File.OpenRead(path);
        return Read(stream, untilBest);
    }

    /// <summary>Reads a stream.</summary>
    /// <param name="stream">At most 1 GiB.</param>
    /// <param name="untilBest">
    /// Whether to leave out the rounds behind <c>best_iteration</c>, which early stopping writes. Default false: all trees count.
    /// </param>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static ImportedTrees Read(Stream stream, bool untilBest = false)
    {
        var bytes = ForeignFile.ReadAll(stream);
        CheckFormat(bytes.Span);
        bytes = WithoutNaN(bytes);
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 32 });
            return Model(new JsonPart(document.RootElement, ""), untilBest);
        }
        catch (JsonException e)
        {
            var said = ForeignFile.Shown(e.Message.Split(" LineNumber", 2)[0], 200);
            throw new InvalidDataException($"Line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: no JSON ({said})", e);
        }
        catch (InvalidOperationException e)
        {
            // A text that holds half of a surrogate pair.
            throw new InvalidDataException($"The file holds a text that is no Unicode ({e.Message})", e);
        }
    }

    private static void CheckFormat(ReadOnlySpan<byte> bytes)
    {
        var start = bytes[..Math.Min(8, bytes.Length)];
        if (start.StartsWith("binf"u8) || start.StartsWith("bs64"u8))
            throw new InvalidDataException("This is XGBoost's old binary format; save the model as model.json.");
        if (start.Length > 1 && start[0] == '{' && "iUIlL$#"u8.Contains(start[1]))
            throw new InvalidDataException("This is XGBoost's UBJSON format; save the model as model.json.");
    }

    // XGBoost writes NaN, Infinity and -Infinity, which are no JSON: the conditions of splits by categories. They become null.
    private static ReadOnlyMemory<byte> WithoutNaN(ReadOnlyMemory<byte> bytes)
    {
        var from = bytes.Span;
        if (from.IndexOfAny((byte)'N', (byte)'I') < 0) return bytes;
        var to = new List<byte>(from.Length);
        var quoted = false;
        for (var i = 0; i < from.Length; i++)
        {
            if (from[i] == '"') quoted = !quoted;
            if (quoted && from[i] == '\\' && i + 1 < from.Length) to.Add(from[i++]);
            var word = quoted ? 0 : from[i..].StartsWith("NaN"u8) ? 3 : from[i..].StartsWith("Infinity"u8) ? 8
                : from[i..].StartsWith("-Infinity"u8) ? 9 : 0;
            if (word == 0)
            {
                to.Add(from[i]);
                continue;
            }
            to.AddRange("null"u8);
            i += word - 1;
        }
        return to.ToArray();
    }

    private static ImportedTrees Model(JsonPart file, bool untilBest)
    {
        var learner = file["learner"];
        var parameters = learner["learner_model_param"];
        var columns = parameters["num_feature"].Integer(0, ForeignFile.MostColumns);
        var objective = learner["objective"]["name"];
        var (link, toMargin) = Link(objective);
        var classes = Math.Max(parameters["num_class"].Integer(0, ForeignFile.MostOutputs),
            parameters.Find("num_target")?.Integer(0, ForeignFile.MostOutputs) ?? 1);
        var outputs = Math.Max(1, classes);
        var starts = Array.ConvertAll(BaseScores(parameters["base_score"], outputs), toMargin);
        for (var i = 0; i < outputs; i++)
            if (!float.IsFinite(starts[i]))
                throw parameters["base_score"].Bad($"gives the raw score {starts[i]} under {objective.Text()}");

        var booster = learner["gradient_booster"];
        float[]? drops = null;
        switch (booster["name"].Text())
        {
            case "gbtree": break;
            case "dart":
                drops = booster["weight_drop"].Floats(-1);
                booster = booster["gbtree"];
                break;
            case var name: throw booster["name"].Bad($"is '{name}'; only gbtree and dart have trees to read");
        }
        var trees = booster["model"]["trees"].List();
        if (drops is not null && drops.Length != trees.Length)
            throw learner["gradient_booster"]["weight_drop"].Bad($"has {drops.Length} weights for {trees.Length} trees");
        var owners = booster["model"]["tree_info"].Integers(trees.Length);
        var forest = new ForestBuilder(columns, outputs);
        var counted = untilBest ? BestTrees(learner, booster["model"], outputs, trees.Length) : trees.Length;
        for (var tree = 0; tree < counted; tree++)
        {
            if ((uint)owners[tree] >= (uint)outputs)
                throw booster["model"]["tree_info"].Bad($"gives tree {tree} to output {owners[tree]}; there are {outputs}");
            forest.Add(owners[tree], Nodes(trees[tree], columns, drops?[tree] ?? 1), $"'{trees[tree].Path}'");
        }
        return new ImportedTrees($"xgboost {Release(file)}", forest.Build(), starts, link, Names(learner, columns),
            [.. Enumerable.Range(0, columns)], new bool[columns]);
    }

    // The trees of all rounds up to the best one.
    private static int BestTrees(JsonPart learner, JsonPart model, int outputs, int trees)
    {
        if (learner.Find("attributes")?.Find("best_iteration") is not { } best)
            throw new InvalidDataException(
                "The model names no 'learner.attributes.best_iteration': it was trained without early stopping; read it without untilBest.");
        var inRound = (long)outputs * Math.Max(1, model["gbtree_model_param"].Find("num_parallel_tree")?.Integer(0, int.MaxValue) ?? 1);
        var counted = (best.Integer(0, int.MaxValue) + 1L) * inRound;
        return counted <= trees ? (int)counted : throw best.Bad($"needs {counted} trees, {inRound} in each round; there are {trees}");
    }

    private static ForeignNode[] Nodes(JsonPart tree, int columns, float factor)
    {
        if (tree["tree_param"].Find("size_leaf_vector") is { } size && size.Integer(0, int.MaxValue) > 1)
            throw size.Bad("is above 1: trees whose leaves are vectors are not supported (train with multi_strategy=one_output_per_tree)");
        var left = tree["left_children"].Integers(-1);
        var count = left.Length;
        if (count == 0) throw tree["left_children"].Bad("is empty");
        var right = tree["right_children"].Integers(count);
        var split = tree["split_indices"].Integers(count);
        var conditions = tree["split_conditions"].FloatsOrNaN(count);
        var defaultLeft = tree["default_left"].Integers(count);
        var gains = tree.Find("loss_changes")?.FloatsOrNaN(count);
        var covers = tree.Find("sum_hessian")?.FloatsOrNaN(count);
        var sets = Categories(tree, count);
        var nodes = new ForeignNode[count];
        for (var n = 0; n < count; n++)
        {
            var cover = covers is null || float.IsNaN(covers[n]) ? 0 : covers[n];
            var gain = gains is null || float.IsNaN(gains[n]) ? 0 : gains[n];
            if (left[n] == -1)
            {
                var value = conditions[n] * factor;
                if (!float.IsFinite(value)) throw tree["split_conditions"].Bad($"gives leaf {n} the value {value}");
                nodes[n] = new ForeignNode(-1, 0, false, -1, -1, value, 0, cover);
                continue;
            }
            if ((uint)split[n] >= (uint)columns)
                throw tree["split_indices"].Bad($"names column {split[n]} at node {n}; there are {columns}");
            if (sets[n] is { } set)
            {
                nodes[n] = new ForeignNode(split[n], 0, defaultLeft[n] == 0, right[n], left[n], 0, gain, cover, set);
                continue;
            }
            if (float.IsNaN(conditions[n])) throw tree["split_conditions"].Bad($"has no finite threshold at node {n}");
            // What is below the threshold is at most the float before it.
            var threshold = Math.Max(MathF.BitDecrement(conditions[n]), float.MinValue);
            nodes[n] = new ForeignNode(split[n], threshold, defaultLeft[n] != 0, left[n], right[n], 0, gain, cover);
        }
        return nodes;
    }

    private static int[]?[] Categories(JsonPart tree, int count)
    {
        var sets = new int[]?[count];
        if (tree.Find("split_type") is not { } kinds) return sets;
        var types = kinds.Integers(count);
        if (!types.Contains(1)) return sets;
        var nodes = tree["categories_nodes"].Integers(-1);
        var starts = tree["categories_segments"].Integers(nodes.Length);
        var sizes = tree["categories_sizes"].Integers(nodes.Length);
        var values = tree["categories"].Integers(-1);
        var end = 0;
        for (var i = 0; i < nodes.Length; i++)
        {
            // One segment after the other, so that a forged list cannot be read many times over.
            if ((uint)nodes[i] >= (uint)count || types[nodes[i]] != 1 || sets[nodes[i]] is not null)
                throw tree["categories_nodes"].Bad($"names node {nodes[i]} at {i}, which has no categories of its own to split by");
            if (starts[i] != end || sizes[i] < 0 || sizes[i] > values.Length - end)
                throw tree["categories_segments"].Bad(
                    $"gives node {nodes[i]} {sizes[i]} categories from {starts[i]}; from {end} on {values.Length - end} are left");
            end += sizes[i];
            sets[nodes[i]] = ForeignFile.Categories(values.AsSpan(starts[i], sizes[i]), $"'{tree.Path}.categories'");
        }
        for (var n = 0; n < count; n++)
            if (types[n] is not (0 or 1) || (types[n] == 1 && sets[n] is null))
                throw kinds.Bad($"is {types[n]} at node {n}; 0 is a threshold, 1 a list of categories that must be there");
        return sets;
    }

    private static (ScoreLink Link, Converter<float, float> ToMargin) Link(JsonPart objective) => objective.Text() switch
    {
        "binary:logistic" or "reg:logistic" => (ScoreLink.Sigmoid, Logit),
        "binary:logitraw" => (ScoreLink.Identity, Logit),
        "multi:softprob" or "multi:softmax" => (ScoreLink.Softmax, Same),
        "count:poisson" or "reg:gamma" or "reg:tweedie" or "survival:cox" or "survival:aft" => (ScoreLink.Exponential, MathF.Log),
        "reg:squarederror" or "reg:linear" or "reg:squaredlogerror" or "reg:pseudohubererror" or "reg:absoluteerror"
            or "reg:quantileerror" or "rank:pairwise" or "rank:ndcg" or "rank:map" => (ScoreLink.Identity, Same),
        var name => throw objective.Bad($"is '{name}', whose scores this reader does not know"),
    };

    private static float Same(float score) => score;

    // As XGBoost computes it, in floats.
    private static float Logit(float p) => -MathF.Log((1 / p) - 1);

    // A number, or from version 3.1 on a list of one for each output, as text.
    private static float[] BaseScores(JsonPart part, int outputs)
    {
        var text = part.Text().Trim();
        var parts = text.StartsWith('[') && text.EndsWith(']') ? text[1..^1].Split(',') : [text];
        if (parts.Length != 1 && parts.Length != outputs) throw part.Bad($"has {parts.Length} numbers for {outputs} outputs");
        var scores = new float[outputs];
        for (var i = 0; i < outputs; i++)
            if (!ForeignFile.TryFloat(parts[parts.Length == 1 ? 0 : i], out scores[i])) throw part.Bad($"is '{text}', not a finite number");
        return scores;
    }

    private static string Release(JsonPart file)
        => file.Find("version") is { } version ? string.Join('.', version.Integers(-1).Take(3)) : "before 1.0";

    private static string[] Names(JsonPart learner, int columns)
    {
        var names = learner.Find("feature_names")?.Texts() ?? [];
        if (names.Length == 0) return [.. Enumerable.Range(0, columns).Select(column => $"f{column}")];
        return names.Length == columns ? names : throw learner["feature_names"].Bad($"has {names.Length} names for {columns} columns");
    }
}

// LightGBM's text model (v2 to v4), as its src/io/tree.cpp and src/boosting/gbdt_model_text.cpp write it: key=value lines, one block for
// each tree.
//   decision_type of a split: bit 0 categorical, bit 1 missing goes left, bits 2 and 3 what is missing (0 nothing, 1 zero, 2 NaN);
//   x ≤ threshold goes left; a child below 0 is leaf -1 - child; a category whose bit is set goes left, all others and NaN right;
//   NaN where nothing is missing counts as 0. Leaf values have the learning rate and the start score in them.

using System.Globalization;
using System.Text;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>Reads the text models of LightGBM: <c>booster.save_model("model.txt")</c>.</summary>
/// <remarks>
/// Boosting gbdt, dart, goss and rf; numeric and categorical splits; one or several classes. Refused, with an error that names it: linear
/// trees, objectives whose output is neither a score, a probability nor its exponential (<c>regression sqrt</c>,
/// <c>cross_entropy_lambda</c>), other versions.
/// </remarks>
public static class LightGbmModel
{
    /// <summary>With which <see cref="ImportedTrees.Origin"/> begins.</summary>
    internal const string Origin = "lightgbm ";

    /// <summary>Reads a file.</summary>
    /// <param name="path">Of a text model, at most 1 GiB.</param>
    /// <exception cref="InvalidDataException">
    /// It is no such model, is damaged, or uses what is not supported; the message says where.
    /// </exception>
    public static ImportedTrees Load(string path)
    {
        using var stream = File.OpenRead(path);
        return Read(stream);
    }

    /// <summary>Reads a stream.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static ImportedTrees Read(Stream stream)
    {
        var lines = new LightGbmLines(ForeignFile.ReadAll(stream));
        if (lines.Next() != "tree")
            throw lines.Bad("is not 'tree', with which a LightGBM text model begins");
        var header = lines.Block(stopAt: "Tree=");
        var version = header.Text("version");
        if (version is not ("v2" or "v3" or "v4")) throw header.Bad("version", $"is '{version}'; v2, v3 and v4 are supported");
        var outputs = header.Integer("num_tree_per_iteration", 1, ForeignFile.MostOutputs);
        var names = header.Text("feature_names").Split(' ');
        var columns = header.Integer("max_feature_idx", 0, ForeignFile.MostColumns - 1) + 1;
        if (names.Length != columns) throw header.Bad("feature_names", $"has {names.Length} names; max_feature_idx says {columns}");
        var (link, slope) = Link(header, outputs);

        var trees = new List<LightGbmTree>();
        while (lines.Next() is { } line && line != "end of trees")
        {
            if (line.Length == 0) continue;
            if (!line.StartsWith("Tree=", StringComparison.Ordinal)) throw lines.Bad("is neither a tree nor 'end of trees'");
            trees.Add(new LightGbmTree(lines.Block(), trees.Count, columns));
        }
        if (lines.Ended) throw new InvalidDataException($"The file ends after tree {trees.Count - 1}, without 'end of trees'.");
        if (trees.Count % outputs != 0)
            throw new InvalidDataException($"{trees.Count} trees cannot be shared evenly by {outputs} outputs (num_tree_per_iteration).");
        // Random forests average, but for raw scores.
        if (header.Has("average_output") && trees.Count > 0) slope *= (float)outputs / trees.Count;
        return Build(Origin + version, trees, names, outputs, link, slope);
    }

    private static ImportedTrees Build(
        string origin, List<LightGbmTree> trees, string[] names, int outputs, ScoreLink link, float slope)
    {
        // A column where trees differ in whether 0 is missing becomes two.
        var zeroColumns = new int[names.Length];
        var sources = Enumerable.Range(0, names.Length).ToList();
        var zeroIsMissing = new List<bool>(new bool[names.Length]);
        var (usedPlain, usedZero) = (new bool[names.Length], new bool[names.Length]);
        foreach (var tree in trees) tree.MarkColumns(usedPlain, usedZero);
        for (var column = 0; column < names.Length; column++)
        {
            zeroColumns[column] = column;
            if (!usedZero[column]) continue;
            if (!usedPlain[column])
            {
                zeroIsMissing[column] = true;
                continue;
            }
            zeroColumns[column] = sources.Count;
            sources.Add(column);
            zeroIsMissing.Add(true);
        }
        var forest = new ForestBuilder(sources.Count, outputs);
        for (var tree = 0; tree < trees.Count; tree++) forest.Add(tree % outputs, trees[tree].Nodes(zeroColumns), $"Tree {tree}");
        return new ImportedTrees(origin, forest.Build(), new float[outputs], link, names, [.. sources], [.. zeroIsMissing],
            slope);
    }

    // "binary sigmoid:2" is 1 / (1 + e^(-2 f)).
    private static (ScoreLink Link, float Slope) Link(LightGbmBlock header, int outputs)
    {
        if (!header.Has("objective")) return (ScoreLink.Identity, 1);
        var words = header.Text("objective").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var slope = 1f;
        foreach (var word in words.Skip(1))
        {
            if (word == "sqrt") throw header.Bad("objective", "has 'sqrt' (reg_sqrt=true), whose squared scores are not supported");
            if (!word.StartsWith("sigmoid:", StringComparison.Ordinal)) continue;
            if (!ForeignFile.TryFloat(word.AsSpan(8), out slope) || slope <= 0)
                throw header.Bad("objective", $"has '{word}', not a positive number");
        }
        switch (words.FirstOrDefault())
        {
            case "binary" or "multiclassova" or "cross_entropy" or "xentropy": return (ScoreLink.Sigmoid, slope);
            case "multiclass" or "softmax" when outputs > 1: return (ScoreLink.Softmax, 1);
            case "poisson" or "gamma" or "tweedie": return (ScoreLink.Exponential, 1);
            case "regression" or "regression_l1" or "huber" or "fair" or "quantile" or "mape" or "lambdarank" or "rank_xendcg" or "custom"
                or "none":
                return (ScoreLink.Identity, 1);
            default: throw header.Bad("objective", $"is '{header.Text("objective")}', whose scores this reader does not know");
        }
    }
}

/// <summary>The lines of a text model, counted from 1.</summary>
internal sealed class LightGbmLines(ReadOnlyMemory<byte> bytes)
{
    private int _at;
    private int _number;
    private string _line = "";

    public bool Ended { get; private set; }

    public string? Next()
    {
        if (_at >= bytes.Length)
        {
            Ended = true;
            return null;
        }
        var rest = bytes.Span[_at..];
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        _at += end < 0 ? rest.Length : end + 1;
        _number++;
        return _line = Encoding.UTF8.GetString(line.EndsWith("\r"u8) ? line[..^1] : line);
    }

    /// <summary>key=value lines up to an empty one, or to one that begins so, which is read again.</summary>
    public LightGbmBlock Block(string? stopAt = null)
    {
        var block = new LightGbmBlock(_number);
        while (true)
        {
            var (at, number) = (_at, _number);
            if (Next() is not { } line) return block;
            if (stopAt is not null ? line.StartsWith(stopAt, StringComparison.Ordinal) || line == "end of trees" : line.Length == 0)
            {
                if (stopAt is not null) (_at, _number) = (at, number);
                return block;
            }
            if (line.Length == 0) continue;
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? line : line[..equals];
            if (!block.Add(key, equals < 0 ? "" : line[(equals + 1)..], _number)) throw Bad($"gives '{key}' a second time");
        }
    }

    public InvalidDataException Bad(string what)
        => new(_number == 0 ? "The file is empty." : $"Line {_number} ('{ForeignFile.Shown(_line, 60)}') {ForeignFile.Shown(what, 200)}.");
}

/// <summary>key=value lines that belong together.</summary>
internal sealed class LightGbmBlock(int line)
{
    private readonly Dictionary<string, (string Value, int Line)> _entries = new(StringComparer.Ordinal);

    private delegate bool Parser<T>(ReadOnlySpan<char> text, out T value);

    public bool Add(string key, string value, int at) => _entries.TryAdd(key, (value, at));

    public bool Has(string key) => _entries.ContainsKey(key);

    public string Text(string key)
        => _entries.TryGetValue(key, out var entry)
            ? entry.Value
            : throw new InvalidDataException($"The part from line {line} on has no '{key}'.");

    public int Integer(string key, int minimum, int maximum)
        => int.TryParse(Text(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= minimum
            && value <= maximum ? value : throw Bad(key, $"is '{Text(key)}', not a whole number from {minimum} to {maximum}");

    public int[] Integers(string key, int count) => List<int>(key, count, "a whole number", static (text, out value)
        => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value));

    public uint[] Words(string key, int count) => List<uint>(key, count, "a whole number of 32 bits", static (text, out value)
        => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value));

    public double[] Numbers(string key, int count, bool allowInfinite = false)
        => allowInfinite ? List<double>(key, count, "a number", Infinite) : List<double>(key, count, "a finite number", Finite);

    private static bool Finite(ReadOnlySpan<char> text, out double value)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    // As C writes it.
    private static bool Infinite(ReadOnlySpan<char> text, out double value)
    {
        if (Finite(text, out value)) return true;
        value = text.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
        return text is "inf" or "-inf";
    }

    public InvalidDataException Bad(string key, string what)
        => new($"Line {(_entries.TryGetValue(key, out var entry) ? entry.Line : line)}: '{key}' {ForeignFile.Shown(what, 200)}.");

    private T[] List<T>(string key, int count, string rule, Parser<T> parse)
    {
        var rest = Text(key).AsSpan().Trim(' ');
        var found = rest.Length == 0 ? 0 : rest.Count(' ') + 1;
        if (found != count) throw Bad(key, $"has {found} values where {count} belong");
        var values = new T[count];
        for (var i = 0; i < count; i++)
        {
            var space = rest.IndexOf(' ');
            var text = space < 0 ? rest : rest[..space];
            rest = space < 0 ? default : rest[(space + 1)..];
            if (!parse(text, out values[i])) throw Bad(key, $"has '{ForeignFile.Shown(text.ToString(), 40)}' at {i}, not {rule}");
        }
        return values;
    }
}

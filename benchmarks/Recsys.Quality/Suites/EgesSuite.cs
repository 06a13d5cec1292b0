using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Numerics.Tensors;
using System.Text.Json;
using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Graphs;
using Recsys.Numerics;
using Recsys.Recall;

namespace Recsys.Quality.Suites;

/// <summary>Link prediction on item graphs, the protocol of the EGES paper.</summary>
internal sealed class EgesSuite : Suite
{
    public override string Name => "eges";

    public override string Question => "Does side information help to predict what is taken next (EGES, GES, BGE)?";

    public override bool Run(DataFolders data)
        => data.Find("amazon-s3rec") is not { } folder || Links(folder, "Beauty") & Links(folder, "Toys_and_Games");

    // A third of the edges is hidden; as many pairs without an edge are drawn. (The data has no times, so a user's rows are one session.)
    private static bool Links(string folder, string set)
    {
        var builder = new InteractionsBuilder();
        using (var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(folder, set + ".txt.gz")),
            CompressionMode.Decompress)))
        {
            while (reader.ReadLine() is { } line)
            {
                var cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                for (var i = 1; i < cells.Length; i++) builder.Add(cells[0], cells[i], 1, i);
            }
        }
        var log = builder.Build();
        var attributes = Attributes(Path.Combine(folder, set + "_item2attributes.json.gz"), log.Items);
        var features = new FeatureSchema(
            Feature.Category("broad", Side.Item), Feature.Category("narrow", Side.Item), Feature.MultiCategory("all", Side.Item, '|'))
            .Fit(items: attributes, train: log);

        var graph = Graph.OfSessions(log);
        var rng = new Rng(1);
        var (from, to, weights, pairs) = (new List<int>(), new List<int>(), new List<float>(), new List<(int From, int To, float Label)>());
        for (var node = 0; node < graph.NodeCount; node++)
        {
            var row = graph.NeighboursOf(node);
            for (var i = 0; i < row.Length; i++)
            {
                // Both directions of a pair are hidden together.
                var key = (ulong)Math.Min(node, row[i]) * (ulong)graph.NodeCount + (ulong)Math.Max(node, row[i]);
                if (rng.Stream(0).Uniform(key) < 1 / 3f) pairs.Add((node, row[i], 1));
                else
                {
                    from.Add(node);
                    to.Add(row[i]);
                    weights.Add(graph.WeightsOf(node)[i]);
                }
            }
        }
        var hidden = pairs.Count;
        for (var draw = 0ul; pairs.Count < 2 * hidden; draw++)
        {
            var (a, b) = (rng.Stream(1).Below(draw, graph.NodeCount), rng.Stream(2).Below(draw, graph.NodeCount));
            if (a != b && graph.NeighboursOf(a).BinarySearch(b) < 0 && graph.NeighboursOf(b).BinarySearch(a) < 0) pairs.Add((a, b, 0));
        }
        // Hidden pairs have no direction, so walks go both ways.
        var rest = Graph.FromEdges(graph.NodeCount, from.ToArray(), to.ToArray(), weights.ToArray());
        var edgeless = Enumerable.Range(0, graph.NodeCount).Except(from).Except(to).Count();

        var table = new ResultTable($"{set}: {graph.NodeCount} items ({edgeless} lost all edges), {graph.EdgeCount} edges, {hidden} " +
            $"hidden");
        var published = new Dictionary<EgesVariant, string>
        {
            [EgesVariant.Bge] = "0.9327",
            [EgesVariant.Ges] = "0.9575",
            [EgesVariant.Eges] = "0.9700"
        };
        var degrees = new float[graph.NodeCount];
        for (var e = 0; e < from.Count; e++)
        {
            degrees[from[e]] += weights[e];
            degrees[to[e]] += weights[e];
        }
        var before = 0.5; // each variant has to beat the one before
        foreach (var variant in (EgesVariant[])[EgesVariant.Bge, EgesVariant.Ges, EgesVariant.Eges])
        {
            var start = Stopwatch.GetTimestamp();
            var model = Eges.Train(rest, features, new EgesOptions { Variant = variant, Dimensions = 64 });
            Console.WriteLine($"  {set}, {variant}: trained in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
            // log P(i, j), as the mean of log P(i) + log P(j | i) and log P(j) + log P(i | j); a walk is at a node in proportion to its
            // degree.
            before = Add(variant, "what walks predict", (i, j) => 1 / (1 + MathF.Exp(
                -(model.LinkScore(i, j) + model.LinkScore(j, i) + MathF.Log(degrees[i]) + MathF.Log(degrees[j])) / 2)), before);
            Add(variant, "cosine", (i, j) => (1 + TensorPrimitives.Dot(Unit(model, i), Unit(model, j))) / 2, 0.5);
        }
        // What needs no model: who has many edges left has many hidden ones.
        Add(null, "degree × degree", (i, j) => degrees[i] * degrees[j] / (1 + degrees[i] * degrees[j]), 0.5);
        table.Print();
        return table.Kept;

        // Only the order counts; the evaluator wants numbers between 0 and 1.
        double Add(EgesVariant? variant, string score, Func<int, int, float> of, double atLeast)
        {
            var scores = pairs.ConvertAll(p => Math.Clamp(of(p.From, p.To), 0, 1)).ToArray();
            var auc = ClickEvaluator.Evaluate(score, scores, pairs.ConvertAll(p => p.Label).ToArray())["AUC"];
            table.Add($"{variant?.ToString().ToUpperInvariant() ?? "no model"}, {score}", "AUC", auc.Value!.Value,
                (auc.Low!.Value, auc.High!.Value),
                variant is { } v && score != "cosine" ? published[v] + " (paper, a larger Amazon set)" : null, atLeast: atLeast);
            return auc.Value!.Value;
        }
    }

    private static float[] Unit(Eges model, int item)
    {
        var vector = model.ItemVector(item).ToArray();
        var norm = TensorPrimitives.Norm<float>(vector);
        if (norm > 0) TensorPrimitives.Divide(vector, norm, vector);
        return vector;
    }

    // An item's attributes, the most common and the rarest of them as fields of their own.
    private static Columns Attributes(string path, IdMap items)
    {
        using var json = JsonDocument.Parse(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var lists = new int[items.Count][];
        Array.Fill(lists, []);
        foreach (var entry in json.RootElement.EnumerateObject())
            if (items.Find(entry.Name) is var item && item >= 0) lists[item] = [.. entry.Value.EnumerateArray().Select(value
                => value.GetInt32())];
        var counts = lists.SelectMany(list => list).CountBy(value => value).ToDictionary();
        return Columns.From(lists)
            .Text("broad", list => list.Length == 0 ? "" : Text(list.MaxBy(value => counts[value])))
            .Text("narrow", list => list.Length == 0 ? "" : Text(list.MinBy(value => counts[value])))
            .Text("all", list => string.Join('|', list.Select(Text))).Build().InIdOrder();

        static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
    }
}

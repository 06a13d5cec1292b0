using System.Diagnostics;
using System.Globalization;
using Recsys.Graphs;
using Recsys.Numerics;
using Recsys.Rank;
using Recsys.Recall;

namespace Recsys.Quality.Suites;

/// <summary>Embeddings of graphs: DeepWalk beside gensim, and labels in walks.</summary>
internal sealed class GraphSuite : Suite
{
    public override string Name => "graphs";

    public override string Question => "Are the vectors of DeepWalk as good as those of gensim, and do labels in the walks help?";

    public override bool Run(DataFolders data)
    {
        var kept = true;
        if (data.Find("graphs") is { } graphs)
        {
            kept &= Classification(graphs);
            kept &= Labelled(graphs);
        }
        return kept;
    }

    // benchmarks/peers/deepwalk.py FOLDER prints gensim's.
    private static bool Classification(string folder)
    {
        var graph = BlogCatalog.Graph(folder);
        var labels = BlogCatalog.Labels(folder, graph.NodeCount);
        var table = new ResultTable(
            "BlogCatalog, 80 walks of 40 from each node, one-vs-rest logistic regression on half of the nodes, mean of three halves");
        var start = Stopwatch.GetTimestamp();
        var model = DeepWalk.Train(graph);
        Console.WriteLine($"  DeepWalk: trained in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
        var f1 = Enumerable.Range(0, 3).Average(half => MicroF1(model, labels, InTraining(graph.NodeCount, half)));
        table.Add("DeepWalk, d 128, window 10", "micro-F1", f1,
            published: "about .41 (paper)", atLeast: 0.40);
        table.Print();
        return table.Kept;
    }

    private static bool Labelled(string folder)
    {
        var table = new ResultTable(
            "Labels of half of the nodes known; micro-F1 of the others, mean of three halves; nearest: the label of the nearest known node");
        foreach (var set in (string[])["wiki", "cora"])
        {
            using var edges = File.OpenText(Path.Combine(folder, set + "_edgelist.txt"));
            var graph = Graph.ReadEdges(edges);
            var labels = new int[graph.NodeCount][];
            Array.Fill(labels, []);
            foreach (var line in File.ReadLines(Path.Combine(folder, set + "_labels.txt")))
            {
                var cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (graph.Nodes!.Find(cells[0]) is var node && node >= 0) labels[node] = [int.Parse(cells[1],
                    CultureInfo.InvariantCulture)];
            }
            foreach (var walks in (int[])[5, 20])
            {
                var options = new DeepWalkOptions { Walks = walks };
                double plain = 0, labelled = 0, plainNearest = 0, labelledNearest = 0;
                var without = DeepWalk.Train(graph, options: options);
                for (var half = 0; half < 3; half++)
                {
                    var known = InTraining(graph.NodeCount, half);
                    var with = DeepWalk.Train(graph, NodeLabels.From([.. labels.Select((own, node) => known[node] ? own : null)]), options);
                    plain += MicroF1(without, labels, known) / 3;
                    labelled += MicroF1(with, labels, known) / 3;
                    plainNearest += Nearest(without, labels, known) / 3;
                    labelledNearest += Nearest(with, labels, known) / 3;
                }
                table.Add($"{set}, {walks} walks, plain", "micro-F1", plain);
                table.Add($"{set}, {walks} walks, labels", "micro-F1", labelled);
                table.Add($"{set}, {walks} walks, plain", "nearest", plainNearest);
                table.Add($"{set}, {walks} walks, labels", "nearest", labelledNearest);
            }
        }
        table.Print();
        return table.Kept;
    }

    private static bool[] InTraining(int nodes, int half)
    {
        var order = Enumerable.Range(0, nodes).ToArray();
        new Rng((ulong)half + 1).Shuffle<int>(0, order);
        var known = new bool[nodes];
        foreach (var node in order.AsSpan(0, nodes / 2)) known[node] = true;
        return known;
    }

    // As many labels as the node has, those of highest probability: the protocol of the paper.
    private static double MicroF1(DeepWalk model, int[][] labels, bool[] known)
    {
        var nodes = Enumerable.Range(0, labels.Length).Where(node => labels[node].Length > 0).ToArray();
        var train = nodes.Where(node => known[node]).ToArray();
        var test = nodes.Where(node => !known[node]).ToArray();
        var (x, y) = (Matrix(train), Matrix(test));
        var classes = labels.Max(own => own.DefaultIfEmpty(-1).Max()) + 1;
        var scores = new float[classes][];
        for (var label = 0; label < classes; label++)
        {
            scores[label] = new float[test.Length];
            var targets = Array.ConvertAll(train, node => labels[node].Contains(label) ? 1f : 0f);
            if (targets.Contains(1f) && targets.Contains(0f)) LogisticRegression.Train(x, targets,
                options: new() { L2 = 1, Tolerance = 1e-4 }).Probabilities(y, scores[label]);
        }
        var (right, all) = (0, 0);
        for (var i = 0; i < test.Length; i++)
        {
            var own = labels[test[i]];
            right += Enumerable.Range(0, classes).OrderByDescending(label => scores[label][i]).Take(own.Length).Count(own.Contains);
            all += own.Length;
        }
        return (double)right / all;

        SparseMatrix Matrix(int[] rows)
        {
            var d = model.Dimensions;
            var offsets = Enumerable.Range(0, rows.Length + 1).Select(row => (long)row * d).ToArray();
            var values = new float[rows.Length * d];
            for (var row = 0; row < rows.Length; row++) model.ItemVector(rows[row]).CopyTo(values.AsSpan(row * d));
            return new SparseMatrix(rows.Length, d, offsets, [.. Enumerable.Range(0, values.Length).Select(i => i % d)], values);
        }
    }

    private static double Nearest(DeepWalk model, int[][] labels, bool[] known)
    {
        var allow = new ItemSet(Enumerable.Range(0, labels.Length).Where(node => known[node]));
        var (right, all) = (0, 0);
        var list = new ScoredItem[1];
        for (var node = 0; node < labels.Length; node++)
        {
            if (known[node] || labels[node].Length == 0) continue;
            all++;
            if (model.SimilarItems(node, new ItemFilter { Allow = allow }, list) == 1
                && labels[list[0].Item].Contains(labels[node][0])) right++;
        }
        return (double)right / all;
    }
}

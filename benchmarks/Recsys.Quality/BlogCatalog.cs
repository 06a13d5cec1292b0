using System.Globalization;
using System.IO.Compression;
using Recsys.Graphs;

namespace Recsys.Quality;

/// <summary>The BlogCatalog friendships (10,312 people, 333,983 edges) and the 39 groups that people have joined. Tang and Liu, KDD
/// 2009.</summary>
internal static class BlogCatalog
{
    public static Graph Graph(string folder)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(folder, "blogcatalog_adjlist.txt.gz")),
            CompressionMode.Decompress));
        var (from, to, nodes) = (new List<int>(), new List<int>(), 0);
        while (reader.ReadLine() is { } line)
        {
            var cells = Cells(line);
            nodes = Math.Max(nodes, cells.Max() + 1);
            foreach (var other in cells.Skip(1))
            {
                if (other < cells[0]) continue; // every edge stands in both rows
                from.Add(cells[0]);
                to.Add(other);
            }
        }
        return Graphs.Graph.FromEdges(nodes, from.ToArray(), to.ToArray());
    }

    public static int[][] Labels(string folder, int nodes)
    {
        var labels = new int[nodes][];
        Array.Fill(labels, []);
        foreach (var line in File.ReadLines(Path.Combine(folder, "blogcatalog_labels.txt")))
        {
            var cells = Cells(line);
            labels[cells[0]] = cells[1..];
        }
        return labels;
    }

    private static int[] Cells(string line)
        => Array.ConvertAll(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), cell => int.Parse(cell, CultureInfo.InvariantCulture));
}

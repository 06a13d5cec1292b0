using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Recsys.Benchmarks.Peers;
using Recsys.Data;
using Recsys.Graphs;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// Ranks of users of ml-1m as roots, α 0.8, error 1e-6, against power iteration over a scipy sparse matrix in batches, in single
/// precision. scipy's product has one thread. The peer stops where no rank changes by 1e-6 (it may then be off by 4e-6); ours bounds the error
/// itself.
/// </summary>
internal sealed class PersonalRankComparison : Comparison
{
    public override string Name => "personalrank";

    public override string Script => "personal_rank.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        if (Data("ml-1m") is not { } set) yield break;
        var log = MovieLens.Load(set).Log.Deduplicate(DuplicatePolicy.KeepFirst);
        var folder = Directory.CreateTempSubdirectory("recsys-compare");
        try
        {
            var (offsets, items) = (Path.Combine(folder.FullName, "offsets"), Path.Combine(folder.FullName, "items"));
            File.WriteAllBytes(offsets, MemoryMarshal.AsBytes(log.UserOffsets));
            File.WriteAllBytes(items, MemoryMarshal.AsBytes(log.ItemColumn));
            var ones = BipartiteGraph.From(Ones(log));
            yield return Case("64 users, 1 thread", 64, 1);
            yield return Case("all users, 2 threads", log.UserCount, 2) with { IsLong = true };

            ComparisonCase Case(string name, int roots, int threads) => new(
                name, 1 / 0.3,
                new JsonObject
                {
                    ["offsets"] = offsets,
                    ["items"] = items,
                    ["users"] = log.UserCount,
                    ["item_count"] = log.ItemCount,
                    ["roots"] = roots,
                    ["batch"] = 64,
                    ["alpha"] = 0.8,
                    ["error"] = 1e-6,
                },
                () =>
                {
                    var nodes = Enumerable.Range(0, roots).ToArray();
                    var ranks = new float[roots * log.ItemCount];
                    return () =>
                    {
                        RestartWalk.Solve<float>(ones, nodes, 0.8, ranks, 1e-6, threads);
                        var squares = 0.0;
                        foreach (var rank in ranks) squares += (double)rank * rank;
                        return squares;
                    };
                });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Numerics.SparseMatrix Ones(Interactions log)
    {
        var matrix = log.ToMatrix();
        var values = new float[matrix.Values.Length];
        Array.Fill(values, 1);
        return new Numerics.SparseMatrix(matrix.RowCount, matrix.ColumnCount, matrix.RowOffsets, matrix.Columns, values);
    }
}

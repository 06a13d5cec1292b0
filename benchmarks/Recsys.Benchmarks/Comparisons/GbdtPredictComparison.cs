using System.Runtime.InteropServices;
using Recsys.Benchmarks.Peers;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// 1,000,000 rows, and one row, through 500 trees of 63 leaves that were trained on 100,000 × 28 normal numbers; one thread. RECSYS_ROWS
/// changes the number of rows that are scored.
/// </summary>
internal sealed class GbdtPredictComparison : Comparison
{
    private const int Trees = 500, Leaves = 63;

    public override string Name => "gbdt-predict";

    public override string Script => "gbdt_predict.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        var rows = int.TryParse(Environment.GetEnvironmentVariable("RECSYS_ROWS"), out var given) ? given : 1_000_000;
        var (x, y) = GbdtComparison.Make(100_000, 1);
        var (train, many, one) = (Path.GetTempFileName(), Path.GetTempFileName(), Path.GetTempFileName());
        try
        {
            GbdtComparison.Save(train, x, y);
            var scored = new float[rows * GbdtComparison.Columns];
            new Rng(7).FillNormal(0, scored);
            File.WriteAllBytes(many, MemoryMarshal.AsBytes<float>(scored).ToArray());
            File.WriteAllBytes(one, MemoryMarshal.AsBytes(scored.AsSpan(0, GbdtComparison.Columns)).ToArray());
            var model = default(Gbdt);
            foreach (var (name, count, sklearn) in new[] { ("xgboost", rows, false), ("sklearn", rows, true), ("xgboost", 1, false) })
            {
                yield return new ComparisonCase(
                    $"{(count == 1 ? "one row" : $"{count / 1000}k rows")} × {Trees} trees, {name}", 2,
                    new()
                    {
                        ["train"] = train,
                        ["rows"] = count == 1 ? one : many,
                        ["columns"] = GbdtComparison.Columns,
                        ["leaves"] = Leaves,
                        ["trees"] = Trees,
                        ["threads"] = 1,
                        ["sklearn"] = sklearn,
                    },
                    () =>
                    {
                        model ??= Gbdt.Train(x, GbdtComparison.Columns, y, options: new() { Trees = Trees, MaxLeaves = Leaves });
                        var scores = new float[count];
                        return () =>
                        {
                            model.Predict(scored.AsSpan(0, count * GbdtComparison.Columns), scores);
                            return double.NaN;
                        };
                    })
                { Repeats = count == 1 ? 1000 : 1, WarmUps = 1 };
            }
        }
        finally
        {
            File.Delete(train);
            File.Delete(many);
            File.Delete(one);
        }
    }
}

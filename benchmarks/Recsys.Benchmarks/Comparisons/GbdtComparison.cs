using System.Runtime.InteropServices;
using Recsys.Benchmarks.Peers;
using Recsys.Evaluation;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// 400,000 × 28 normal numbers with a nonlinear label: 100 trees of 63 leaves on 255 bins, binning included. The answer that is compared is
/// the AUC of 100,000 other rows. RECSYS_ROWS changes the number of rows.
/// </summary>
internal sealed class GbdtComparison : Comparison
{
    public const int Columns = 28;
    private const int Trees = 100, Leaves = 63;

    public override string Name => "gbdt";

    public override string Script => "gbdt.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        var rows = int.TryParse(Environment.GetEnvironmentVariable("RECSYS_ROWS"), out var given) ? given : 400_000;
        var (x, y) = Make(rows, 1);
        var (testX, testY) = Make(100_000, 2);
        var (train, test) = (Path.GetTempFileName(), Path.GetTempFileName());
        try
        {
            Save(train, x, y);
            Save(test, testX, testY);
            foreach (var threads in new[] { 1, 2 })
            {
                yield return new ComparisonCase(
                    $"train {rows / 1000}k × {Columns}, {threads} thread{(threads == 1 ? "" : "s")}", 1 / 0.6,
                    new()
                    {
                        ["train"] = train,
                        ["test"] = test,
                        ["columns"] = Columns,
                        ["leaves"] = Leaves,
                        ["trees"] = Trees,
                        ["threads"] = threads,
                    },
                    () => Train(x, y, testX, testY, threads))
                { Tolerance = 1e-3, WarmUps = 1 };
            }
        }
        finally
        {
            File.Delete(train);
            File.Delete(test);
        }
    }

    private static GbdtOptions Options(int threads) => new()
    {
        Trees = Trees,
        MaxLeaves = Leaves,
        Threads = threads,
        BaseScore = 0,
    };

    private static Func<double> Train(float[] x, float[] y, float[] testX, float[] testY, int threads) => () =>
    {
        var model = Gbdt.Train(x, Columns, y, options: Options(threads));
        var scores = new float[testY.Length];
        model.RawScores(testX, scores);
        return AucMetrics.Auc(scores, testY);
    };

    internal static (float[] X, float[] Y) Make(int rows, ulong seed)
    {
        var rng = new Rng(seed);
        var x = new float[rows * Columns];
        rng.FillNormal(0, x);
        var y = new float[rows];
        for (var i = 0; i < rows; i++)
        {
            var r = x.AsSpan(i * Columns, Columns);
            var f = r[0] + (r[1] * r[2]) + MathF.Sin(3 * r[3]) + (r[4] > 0.5f ? r[5] : -r[6]) + (0.5f * r[7] * r[7]) - 0.5f;
            y[i] = rng.Stream(1).UniformDouble((ulong)i) < 1 / (1 + Math.Exp(-f)) ? 1 : 0;
        }
        return (x, y);
    }

    // Rows with the label behind them.
    internal static void Save(string path, float[] x, float[] y)
    {
        using var file = new BufferedStream(File.Create(path));
        for (var i = 0; i < y.Length; i++)
        {
            file.Write(MemoryMarshal.AsBytes(x.AsSpan(i * Columns, Columns)));
            file.Write(MemoryMarshal.AsBytes(y.AsSpan(i, 1)));
        }
    }
}

using System.Runtime.InteropServices;
using Recsys.Benchmarks.Peers;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// Factorisation machine, 16 factors, 26 categories of up to 100,000 values (Zipf), batches of 4096, AdaGrad on the rows touched: three
/// epochs, from encoded examples to the finished model. The answer that is compared is the mean log loss of the last epoch, each batch
/// scored before it was learned. RECSYS_ROWS changes the number of examples.
/// </summary>
internal sealed class FmComparison : Comparison
{
    private const int Fields = 26, Values = 100_000, Factors = 16, Batch = 4096, Epochs = 3;
    private const float Rate = 0.05f, Accumulator = 0.1f;

    public override string Name => "fm";

    public override string Script => "fm.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        var rows = int.TryParse(Environment.GetEnvironmentVariable("RECSYS_ROWS"), out var given) ? given : 200_000;
        var (features, examples) = Make(rows);
        var x = new SparseLayout(features.Schema).ToMatrix(features, examples);
        var path = Path.GetTempFileName();
        try
        {
            using (var file = new BufferedStream(File.Create(path)))
            {
                file.Write(MemoryMarshal.AsBytes(x.Columns.AsSpan()));
                file.Write(MemoryMarshal.AsBytes(examples.Label()));
            }
            foreach (var score in new[] { false, true })
            {
                foreach (var threads in new[] { 1, 2 })
                {
                    if (score && threads > 1) continue;
                    yield return new ComparisonCase(
                        $"{(score ? "score" : "train")} {rows / 1000}k × {Fields}, {threads} thread{(threads == 1 ? "" : "s")}",
                        score ? 2 : 3,
                        new()
                        {
                            ["path"] = path,
                            ["rows"] = rows,
                            ["fields"] = Fields,
                            ["columns"] = x.ColumnCount,
                            ["factors"] = Factors,
                            ["batch"] = Batch,
                            ["epochs"] = Epochs,
                            ["rate"] = Rate,
                            ["accumulator"] = Accumulator,
                            ["threads"] = threads,
                            ["score"] = score,
                        },
                        () => score ? Score(features, examples) : () => Train(features, examples, threads, Epochs).TrainingLoss)
                    { Tolerance = 1e-2, WarmUps = 1 };
                }
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static Fm Train(FeatureSet features, Examples examples, int threads, int epochs) => Fm.Train(features, examples, new()
    {
        Factors = Factors,
        Epochs = epochs,
        BatchSize = Batch,
        LearningRate = Rate,
        InitialAccumulator = Accumulator,
        FactorPenalty = 0,
        WeightPenalty = 0,
        Threads = threads,
    });

    private static Func<double> Score(FeatureSet features, Examples examples)
    {
        var model = Train(features, examples, 2, 1);
        var batch = features.CreateBatch(Batch);
        var scores = new float[Batch];
        return () =>
        {
            for (var start = 0; start < examples.Count; start += Batch)
            {
                var count = Math.Min(Batch, examples.Count - start);
                features.Assemble(examples, start, count, batch);
                model.Score(batch, scores);
            }
            return double.NaN;
        };
    }

    // Half of the label is a sum of weights, half an interaction of two fields.
    private static (FeatureSet, Examples) Make(int rows)
    {
        var zipf = new Zipf(Values, 1.05);
        var rng = new Rng(1);
        int Value(int row, int field) => zipf.Sample(rng.Stream((ulong)field), (ulong)row);
        var table = Columns.From(Enumerable.Range(0, rows));
        for (var f = 0; f < Fields; f++)
        {
            var field = f;
            table.Text($"c{field}", row => Value(row, field).ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        table.Number("click", row =>
        {
            var z = Value(row, 0) % 7 - 3 + (Value(row, 1) % 2 == Value(row, 2) % 2 ? 1.5 : -1.5);
            return rng.Stream(99).UniformDouble((ulong)row) < 1 / (1 + Math.Exp(-z)) ? 1 : 0;
        });
        var columns = table.Build();
        var schema = new FeatureSchema(
        [
            .. Enumerable.Range(0, Fields).Select(field => Feature.Category($"c{field}", Side.Context)), Feature.Label("click"),
        ]);
        var features = schema.Fit(contexts: columns);
        return (features, features.Examples(columns));
    }
}

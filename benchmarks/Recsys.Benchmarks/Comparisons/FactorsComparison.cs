using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Recsys.Benchmarks.Peers;
using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Recall;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// Als (64 factors, 15 iterations, 3 conjugate gradient steps) and Bpr (64 factors, 100 epochs) on the same random 80 % of ml-1m against
/// implicit with its defaults. Both print their NDCG@20 on the rest.
/// </summary>
internal sealed class FactorsComparison : Comparison
{
    public override string Name => "factors";

    public override string Script => "factors.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        if (Data("ml-1m") is not { } folder) yield break;
        var split = Splits.Random(MovieLens.Load(folder).Log, 0.2);
        var train = Ones(split.Train);
        split = split with { Train = train };
        string[] files = [Path.GetTempFileName(), Path.GetTempFileName()];
        try
        {
            Write(train, files[0]);
            Write(split.Test, files[1]);
            for (var threads = 1; threads <= 2; threads++)
            {
                // implicit's confidence is α r, ours 1 + α r.
                var als = new AlsOptions
                {
                    Factors = 64,
                    Iterations = 15,
                    Alpha = 9,
                    UnobservedWeight = 1,
                    Regularization = 0.05f,
                    RegularizationExponent = 0,
                    Threads = threads,
                };
                var bpr = new BprOptions { Factors = 64, Epochs = 100, Threads = threads };
                yield return Case("als", 2, () => Als.Train(train, als));
                yield return Case("bpr", 1 / 0.7, () => Bpr.Train(train, bpr));

                ComparisonCase Case(string model, double target, Func<IRecaller> run)
                {
                    var arguments = new JsonObject
                    {
                        ["train"] = files[0],
                        ["test"] = files[1],
                        ["users"] = train.UserCount,
                        ["items"] = train.ItemCount,
                        ["model"] = model,
                        ["threads"] = threads,
                    };
                    return new($"{model}, {threads} thread(s)", target, arguments, () =>
                    {
                        var report = RankingEvaluator.Evaluate(model, run(), split, new RankingProtocol { K = [20], Bootstrap = 0 });
                        Console.WriteLine($"  ours {model}: NDCG@20 {report["NDCG@20"].Value:0.0000}");
                        return () =>
                        {
                            run();
                            return double.NaN;
                        };
                    })
                    {
                        WarmUps = 0,   // both have trained once when they printed their NDCG
                    };
                }
            }
        }
        finally
        {
            foreach (var file in files) File.Delete(file);
        }
    }

    private static Interactions Ones(Interactions data)
    {
        var builder = new InteractionsBuilder(data.Users, data.Items);
        foreach (var row in data.Rows()) builder.AddDense(row.User, row.Item, 1, 0);
        return builder.Build();
    }

    private static void Write(Interactions data, string file)
    {
        var pairs = new int[2 * data.Count];
        var next = 0;
        foreach (var row in data.Rows()) (pairs[next++], pairs[next++]) = (row.User, row.Item);
        File.WriteAllBytes(file, MemoryMarshal.AsBytes<int>(pairs));
    }
}

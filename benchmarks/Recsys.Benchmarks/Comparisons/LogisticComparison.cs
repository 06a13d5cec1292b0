using Recsys.Benchmarks.Peers;
using Recsys.Features;
using Recsys.Quality;
using Recsys.Rank;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>L2 logistic regression on the binned Adult features: the time to the same objective, which is the answer that is compared.</summary>
internal sealed class LogisticComparison : Comparison
{
    public override string Name => "logistic";

    public override string Script => "logistic.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        if (Data("adult") is not { } folder) yield break;
        var table = AdultRecipe.Train(folder);
        var features = AdultRecipe.Binned().Fit(contexts: table);
        var examples = features.Examples(table);
        var x = new SparseLayout(features.Schema).ToMatrix(features, examples);
        var labels = examples.Label().ToArray();
        foreach (var sparse in new[] { true, false })
        {
            foreach (var threads in new[] { 1, 2 })
            {
                yield return new ComparisonCase(
                    $"Adult, {threads} thread{(threads == 1 ? "" : "s")}, peer {(sparse ? "sparse" : "dense")}",
                    2.0,
                    new() { ["folder"] = folder, ["sparse"] = sparse, ["threads"] = threads },
                    () => () => LogisticRegression.Train(x, labels, options: new() { L2 = 1, Threads = threads }).TrainingLoss)
                { Tolerance = 1e-4 };
            }
        }
    }
}

using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>Losses beside log loss.</summary>
internal sealed class LossOpCases : OpCases
{
    public override IEnumerable<OpCase> All() => Points().Concat(Lists()).Concat(Sums());

    private static IEnumerable<OpCase> Points()
    {
        float[] labels = [0.5f, -2, 1, 3, 0], clicks = [0, 1, 1, 0, 1], weights = [1, 2, 0.5f, 0, 3];
        yield return Case<SquaredError>("without weights", [Drawn(5)], x => x[0].SquaredError(labels),
            x => [.. x[0].Select((z, i) => (z - labels[i]) * (z - labels[i]))]);
        yield return Case<SquaredError>("with weights", [Drawn(5, 1)], x => x[0].SquaredError(labels, weights),
            x => [.. x[0].Select((z, i) => weights[i] * (z - labels[i]) * (z - labels[i]))]);
        yield return Case<Hinge>("without weights", [Given([5], 0.3f, 0.4f, 1.2f, -1.5f, -0.2f)], x => x[0].Hinge(clicks),
            x => [.. x[0].Select((z, i) => Math.Max(0, 1 - (2 * clicks[i] - 1) * z))]);
        yield return Case<Hinge>("with weights", [Drawn(5)], x => x[0].Hinge(clicks, weights),
            x => [.. x[0].Select((z, i) => weights[i] * Math.Max(0, 1 - (2 * clicks[i] - 1) * z))]);
        yield return Case<PairwiseLoss>("of matrices", [Drawn(3, 7), Drawn(3, 7)], x => x[0].PairwiseLoss(x[1]),
            x => [.. x[0].Zip(x[1], (p, n) => Math.Log(1 + Math.Exp(n - p)))]);
        yield return Case<PairwiseLoss>("of far scores", [Given([2], 50, -40), Given([2], -30, 30)], x => x[0].PairwiseLoss(x[1]),
            x => [.. x[0].Zip(x[1], (p, n) => Math.Max(n - p, 0) + Math.Log(1 + Math.Exp(-Math.Abs(n - p))))]);
    }

    private static IEnumerable<OpCase> Lists()
    {
        int[] targets = [2, 0, 4];
        float[] weights = [1, 0, 2.5f], one = [-1, -2, -0.5f, -3, -2.5f], each = [.. Enumerable.Range(0, 15).Select(k => -0.3f * k)];
        int[] items = [7, 3, 7, 9, 3], eachItem = [1, 2, 1, 1, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8, 5];
        yield return Case<SoftmaxLoss>("cross-entropy", [Drawn(3, 5)], x => x[0].SoftmaxCrossEntropy(targets),
            x => Softmax(x[0], targets, [1, 1, 1], new float[5], [0, 1, 2, 3, 4]));
        yield return Case<SoftmaxLoss>("cross-entropy with weights, of many classes", [Drawn(3, 41)],
            x => x[0].SoftmaxCrossEntropy(targets, weights),
            x => Softmax(x[0], targets, weights, new float[41], [.. Enumerable.Range(0, 41)]));
        yield return Case<SoftmaxLoss>("sampled, a probability for each column", [Drawn(3, 5)], x => x[0].SampledSoftmax(targets, one),
            x => Softmax(x[0], targets, [1, 1, 1], one, [0, 1, 2, 3, 4]));
        yield return Case<SoftmaxLoss>("sampled, a probability for each logit, items again, weights", [Drawn(3, 5)],
            x => x[0].SampledSoftmax(targets, each, eachItem, weights), x => Softmax(x[0], targets, weights, each, eachItem));
        yield return Case<SoftmaxLoss>("sampled, items again", [Drawn(3, 5)], x => x[0].SampledSoftmax(targets, one, items),
            x => Softmax(x[0], targets, [1, 1, 1], one, items));
        yield return Case<SoftmaxLoss>("of far logits", [Given([1, 3], 90, -90, 60)], x => x[0].SoftmaxCrossEntropy([1]),
            x => Softmax(x[0], [1], [1], new float[3], [0, 1, 2]));
    }

    private static IEnumerable<OpCase> Sums()
    {
        yield return Case<WeightedSum>("of losses of different shapes", [Drawn(5), Drawn(2, 3), Drawn()],
            x => LossOps.WeightedSum([x[0], x[1], x[2]], [0.5f, -2, 3]), x => [0.5 * x[0].Sum() - 2 * x[1].Sum() + 3 * x[2][0]]);
        yield return Case<WeightedSum>("of one loss, twice", [Drawn(4)], x => LossOps.WeightedSum([x[0], x[0]], [1, 0.25f]),
            x => [1.25 * x[0].Sum()]);
    }

    private static double[] Softmax(double[] z, int[] targets, float[] weights, float[] logQ, int[] items)
    {
        var columns = z.Length / targets.Length;
        return [.. targets.Select((target, row) =>
        {
            double Corrected(int j) => z[row * columns + j] - logQ[(logQ.Length == columns ? 0 : row * columns) + j];
            int Item(int j) => items[(items.Length == columns ? 0 : row * columns) + j];
            var counted = Enumerable.Range(0, columns).Where(j => j == target || Item(j) != Item(target));
            return weights[row] * (Math.Log(counted.Sum(j => Math.Exp(Corrected(j)))) - Corrected(target));
        })];
    }
}

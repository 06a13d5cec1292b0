// p_k = e^f_k / Σ_j e^f_j;   loss = -log p_y;   g_k = p_k - [y = k], h_k = K / (K - 1) p_k (1 - p_k).
// The diagonal of the Hessian alone would let K trees of a round step too far together; K / (K - 1) is the factor of Friedman,
// "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29 (2001), algorithm 6.

using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

internal sealed class SoftmaxObjective(int classes) : GbdtObjective
{
    private const float LeastH = 1e-16f;

    public override int Outputs => classes;

    public override string ToString() => Show("softmax", classes);

    internal override GbdtObjectiveKind Kind => GbdtObjectiveKind.Softmax;

    internal override void Check(GbdtTargets rows)
    {
        for (var i = 0; i < rows.Count; i++)
            if (!(rows.Labels[i] >= 0 && rows.Labels[i] < classes && rows.Labels[i] == MathF.Floor(rows.Labels[i])))
                throw new ArgumentException(
                    $"The label of row {i} is {rows.Labels[i]}; {classes} classes are the whole numbers 0..{classes - 1}.");
    }

    // A class without rows would start at minus infinity.
    internal override double[] Start(GbdtTargets rows)
    {
        var start = new double[classes];
        for (var k = 0; k < classes; k++)
        {
            var own = k;
            start[k] = Math.Log(Math.Max(rows.Mean(i => rows.Labels[i] == own ? 1 : 0), 1e-9));
        }
        return start;
    }

    internal override IGbdtDerivatives Derivatives(GbdtTargets rows, int threads) => new Rounds(rows.Labels, classes, threads);

    internal override void Predict(Span<float> scores)
    {
        for (var row = 0; row < scores.Length; row += classes) Elementwise.Softmax(scores.Slice(row, classes), scores.Slice(row, classes));
    }

    internal override double? Loss(GbdtTargets rows, float[][] scores, int threads) => rows.Mean(i =>
    {
        var most = float.NegativeInfinity;
        for (var k = 0; k < classes; k++) most = MathF.Max(most, scores[k][i]);
        var sum = 0.0;
        for (var k = 0; k < classes; k++) sum += Math.Exp(scores[k][i] - (double)most);
        return Math.Log(sum) + most - scores[(int)rows.Labels[i]][i];
    }, threads);

    internal override void WriteOptions(ModelWriter writer) => writer.Integer("classes", classes);

    internal static SoftmaxObjective ReadOptions(ModelReader reader) => new(reader.Int32("classes", 2));

    // The trees of a round see the probabilities from before it.
    private sealed class Rounds(float[] labels, int classes, int threads) : IGbdtDerivatives
    {
        private const int Parts = 64;
        private readonly float[][] _p = [.. Enumerable.Range(0, classes).Select(_ => new float[labels.Length])];

        public void BeginRound(float[][] scores, CancellationToken cancel) => Shards.Run(Parts, threads, part =>
        {
            var (from, to) = Shards.Range(labels.Length, Parts, part);
            var row = new float[classes];
            for (var i = from; i < to; i++)
            {
                for (var k = 0; k < classes; k++) row[k] = scores[k][i];
                Elementwise.Softmax(row, row);
                for (var k = 0; k < classes; k++) _p[k][i] = row[k];
            }
        }, cancel);

        public void Fill(int output, float[][] scores, int from, Span<float> g, Span<float> h)
        {
            var factor = classes / (classes - 1f);
            for (var i = 0; i < g.Length; i++)
            {
                var p = _p[output][from + i];
                g[i] = p - (labels[from + i] == output ? 1 : 0);
                h[i] = MathF.Max(factor * p * (1 - p), LeastH);
            }
        }
    }
}

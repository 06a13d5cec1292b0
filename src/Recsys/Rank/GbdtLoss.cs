using Recsys.Numerics;

namespace Recsys.Rank;

/// <summary>A loss in the raw score f: its derivatives, its best constant, and what users see of f.</summary>
internal abstract class GbdtLoss
{
    public static GbdtLoss Of(GbdtObjective objective) => objective == GbdtObjective.Logistic ? new Logistic() : new Squared();

    /// <summary>Throws, naming the row, if a label lies outside the domain.</summary>
    public virtual void CheckLabels(float[] labels) { }

    /// <summary>The raw score of the best constant, from the weighted mean label.</summary>
    public abstract double Start(double mean);

    /// <summary>First and second derivatives, before weights.</summary>
    public abstract void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h);

    /// <summary>Raw scores become predictions, in place.</summary>
    public virtual void Predict(Span<float> f) { }

    /// <summary>The loss of one row.</summary>
    public abstract double Loss(double f, double y);

    private sealed class Logistic : GbdtLoss
    {
        // Keeps h positive where p rounds to 0 or 1.
        private const float LeastH = 1e-16f;

        public override void CheckLabels(float[] labels)
        {
            for (var i = 0; i < labels.Length; i++)
                if (labels[i] is not (0f or 1f))
                    throw new ArgumentException($"The label of row {i} is {labels[i]}; log loss takes 0 and 1.", nameof(labels));
        }

        // One class alone would start at infinity.
        public override double Start(double mean) => Math.Log(Math.Clamp(mean, 1e-9, 1 - 1e-9) / (1 - Math.Clamp(mean, 1e-9, 1 - 1e-9)));

        public override void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h)
        {
            Elementwise.Sigmoid(f, g);
            for (var i = 0; i < f.Length; i++)
            {
                var p = g[i];
                h[i] = MathF.Max(p * (1 - p), LeastH);
                g[i] = p - y[i];
            }
        }

        public override void Predict(Span<float> f) => Elementwise.Sigmoid(f, f);

        // log(1 + e^f) - y f without overflow.
        public override double Loss(double f, double y) => Math.Max(f, 0) + double.LogP1(Math.Exp(-Math.Abs(f))) - (y * f);
    }

    private sealed class Squared : GbdtLoss
    {
        public override double Start(double mean) => mean;

        public override void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h)
        {
            for (var i = 0; i < f.Length; i++) g[i] = f[i] - y[i];
            h.Fill(1);
        }

        public override double Loss(double f, double y) => (f - y) * (f - y) / 2;
    }
}

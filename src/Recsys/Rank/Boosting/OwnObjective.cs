namespace Recsys.Rank;

/// <summary>A user's derivatives; none in a model that was loaded.</summary>
internal sealed class OwnObjective(GbdtDerivatives? derivatives, double start) : GbdtObjective
{
    public override string ToString() => "own";

    internal override GbdtObjectiveKind Kind => GbdtObjectiveKind.Own;

    internal override void Check(GbdtTargets rows)
    {
        if (derivatives is null)
            throw new ArgumentException("A model file does not keep the derivatives of an objective; give GbdtObjective.Own(…) again.");
    }

    internal override double[] Start(GbdtTargets rows) => [start];

    internal override IGbdtDerivatives Derivatives(GbdtTargets rows, int threads) => new Rounds(derivatives!, rows);

    internal override double? Loss(GbdtTargets rows, float[][] scores, int threads) => null;

    private sealed class Rounds(GbdtDerivatives derivatives, GbdtTargets rows) : IGbdtDerivatives
    {
        private readonly float[] _g = new float[rows.Count];
        private readonly float[] _h = new float[rows.Count];

        public void BeginRound(float[][] scores, CancellationToken cancel)
        {
            derivatives(scores[0], rows.Labels, _g, _h);
            for (var i = 0; i < _g.Length; i++)
            {
                if (!float.IsFinite(_g[i]))
                    throw new ArithmeticException(
                        $"The first derivative of row {i} is {_g[i]} at the score {scores[0][i]}; it must be finite.");
                if (!(_h[i] >= 0) || float.IsInfinity(_h[i]))
                    throw new ArithmeticException(
                        $"The second derivative of row {i} is {_h[i]} at the score {scores[0][i]}; it must be finite and 0 or greater.");
            }
        }

        public void Fill(int output, float[][] scores, int from, Span<float> g, Span<float> h)
        {
            _g.AsSpan(from, g.Length).CopyTo(g);
            _h.AsSpan(from, h.Length).CopyTo(h);
        }
    }
}

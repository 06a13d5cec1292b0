using Recsys.Numerics;

namespace Recsys.Rank;

/// <summary>What a model of another tool makes of raw scores f.</summary>
public enum ScoreLink
{
    /// <summary>f.</summary>
    Identity,

    /// <summary>1 / (1 + e⁻ᶠ), a probability; with several outputs, one for each by itself.</summary>
    Sigmoid,

    /// <summary>eᶠ.</summary>
    Exponential,

    /// <summary>Probabilities of the classes, which add up to 1.</summary>
    Softmax,
}

internal static class ScoreLinks
{
    /// <summary>In place. [rows, outputs]</summary>
    public static void Apply(this ScoreLink link, Span<float> scores, int outputs)
    {
        switch (link)
        {
            case ScoreLink.Sigmoid: Elementwise.Sigmoid(scores, scores); break;
            case ScoreLink.Exponential: Elementwise.Exp(scores, scores); break;
            case ScoreLink.Softmax:
                for (var i = 0; i + outputs <= scores.Length; i += outputs)
                    Elementwise.Softmax(scores.Slice(i, outputs), scores.Slice(i, outputs));
                break;
            default: break;
        }
    }
}

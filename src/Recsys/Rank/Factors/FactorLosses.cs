using System.Runtime.CompilerServices;
using Recsys.Numerics;

namespace Recsys.Rank;

/// <summary>What a factorisation machine minimises.</summary>
internal enum FactorLoss
{
    /// <summary>Log loss of labels 0 and 1; scores are probabilities.</summary>
    Log,

    /// <summary>½ (z - y)².</summary>
    Squared,

    /// <summary>Log loss of the difference of a 1 and a 0 of one group.</summary>
    Pairs,
}

/// <summary>What a batch part amounts to.</summary>
/// <param name="Loss">Σ c L.</param>
/// <param name="Error">Σ c dL/dz, the gradient of the bias.</param>
/// <param name="Mass">Σ c.</param>
internal readonly record struct BatchSums(double Loss, double Error, double Mass);

/// <summary>Losses of raw scores z, and their slopes.</summary>
internal static class FactorLosses
{
    /// <summary>Turns raw scores into errors c dL/dz.</summary>
    /// <param name="logistic">Log loss of labels 0 and 1; else ½ (z - y)².</param>
    /// <param name="z">Raw scores; replaced by the errors.</param>
    /// <param name="places">Which examples they are of.</param>
    /// <param name="labels">By place; empty: all 1.</param>
    /// <param name="weights">c, by place; empty: all 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    public static BatchSums Errors(bool logistic, Span<float> z, ReadOnlySpan<int> places, float[] labels, float[] weights)
    {
        const int Block = 128; // a product of so many factors between 1 and 2 doesn't overflow
        double loss = 0, error = 0, mass = 0;
        Span<float> tails = stackalloc float[Block];
        for (var first = 0; first < z.Length; first += Block)
        {
            var part = z.Slice(first, Math.Min(Block, z.Length - first));
            if (logistic)
            {
                for (var i = 0; i < part.Length; i++) tails[i] = -Math.Abs(part[i]);
                Elementwise.Exp(tails[..part.Length], tails[..part.Length]);
            }
            var product = 1.0;
            for (var i = 0; i < part.Length; i++)
            {
                var place = places[first + i];
                var (y, c) = (labels.Length == 0 ? 1 : labels[place], weights.Length == 0 ? 1 : weights[place]);
                if (logistic)
                {
                    var p = (part[i] >= 0 ? 1 : tails[i]) / (1 + tails[i]);
                    loss += c * (Math.Max(part[i], 0) - y * part[i]);
                    if (c == 1) product *= 1 + tails[i];
                    else loss += c * double.LogP1(tails[i]);
                    part[i] = c * (p - y);
                }
                else
                {
                    var e = part[i] - y;
                    loss += 0.5 * c * e * e;
                    part[i] = c * e;
                }
                error += part[i];
                mass += c;
            }
            loss += Math.Log(product);
        }
        return new BatchSums(loss, error, mass);
    }

    /// <summary>The mean loss of raw scores.</summary>
    public static double MeanLoss(bool logistic, ReadOnlySpan<float> z, float[] labels, float[] weights)
    {
        double loss = 0, mass = 0;
        for (var i = 0; i < z.Length; i++)
        {
            double c = weights.Length == 0 ? 1 : weights[i];
            double e = z[i] - labels[i];
            loss += c * (logistic ? Math.Max(z[i], 0) - labels[i] * z[i] + double.LogP1(Math.Exp(-Math.Abs(z[i]))) : 0.5 * e * e);
            mass += c;
        }
        return loss / mass;
    }

    /// <summary>The constant that fits the labels best, the first bias: a log-odds or a mean.</summary>
    public static float Prior(bool logistic, float[] labels, float[] weights)
    {
        double sum = 0, mass = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            double c = weights.Length == 0 ? 1 : weights[i];
            sum += c * labels[i];
            mass += c;
        }
        // Half an example of each class more, so that weights of 0 for all of one class do no harm.
        return (float)(logistic ? Math.Log((sum + 0.5) / (mass - sum + 0.5)) : sum / mass);
    }
}

using System.Numerics.Tensors;

namespace Recsys.Numerics;

/// <summary>A smooth function to be minimised.</summary>
public interface IObjective
{
    /// <summary>Length of the argument.</summary>
    int Dimension { get; }

    /// <summary>The value at x; writes the gradient, [Dimension].</summary>
    double Evaluate(ReadOnlySpan<double> x, Span<double> gradient);
}

/// <summary>How a minimisation ended.</summary>
/// <param name="Value">The objective at the point found, penalty included.</param>
/// <param name="Iterations">Steps taken.</param>
/// <param name="Converged">Whether the tolerance was met; false where the iterations ran out or no step made progress any more.</param>
public readonly record struct MinimizeResult(double Value, int Iterations, bool Converged);

/// <summary>Limits of a minimisation.</summary>
public sealed record MinimizeOptions
{
    /// <summary>Most steps, at least 1. Default 200.</summary>
    public int MaxIterations { get; init => field = Guard.AtLeast(1, value); } = 200;

    /// <summary>Stop when the largest absolute component of the gradient (of the proximal step, with L1) is at most this. Positive; default 1e-6.</summary>
    public double Tolerance { get; init => field = Guard.Positive(value); } = 1e-6;

    /// <summary>Called after each step with its number, from 1, and the value.</summary>
    public Action<int, double>? OnIteration { get; init; }

    /// <summary>Checked at each step.</summary>
    public CancellationToken Cancel { get; init; }
}

/// <summary>
/// Limited-memory BFGS: d = -H g by the two-loop recursion over the last m pairs (s, y), step by Armijo backtracking from 1.
/// Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.4 and 7.5.
/// </summary>
public static class LBfgs
{
    private const int FewestPairs = 8, MostPairs = 40;
    private const int PairBudget = 1 << 22;
    private const double SufficientDecrease = 1e-4;
    private const int MostHalvings = 40;

    /// <summary>Minimises in place.</summary>
    /// <param name="objective">Bounded below.</param>
    /// <param name="x">The start; overwritten with the minimiser. [Dimension]</param>
    /// <param name="options">Limits; null for the defaults.</param>
    /// <exception cref="ArithmeticException">The value or the gradient is not finite at the start.</exception>
    public static MinimizeResult Minimize(IObjective objective, double[] x, MinimizeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(x);
        options ??= new MinimizeOptions();
        var n = objective.Dimension;
        double[] gradient = new double[n], nextX = new double[n], nextGradient = new double[n], direction = new double[n];
        // More pairs save steps; they are bounded by what they hold: 64 MB in all, but for very long arguments.
        var pairs = Math.Clamp(PairBudget / Math.Max(1, n), FewestPairs, MostPairs);
        var s = new double[pairs][];
        var y = new double[pairs][];
        var rho = new double[pairs];
        var stored = 0;

        var value = objective.Evaluate(x, gradient);
        if (!double.IsFinite(value)) throw new ArithmeticException($"The objective is {value} at the starting point.");
        for (var iteration = 1; ; iteration++)
        {
            options.Cancel.ThrowIfCancellationRequested();
            if (LargestAbs(gradient) <= options.Tolerance) return new MinimizeResult(value, iteration - 1, true);
            if (iteration > options.MaxIterations) return new MinimizeResult(value, iteration - 1, false);

            Direction(gradient, direction, s, y, rho, stored);
            var slope = TensorPrimitives.Dot<double>(gradient, direction);
            // The first step has no curvature to go by: its length is 1 at most.
            var step = stored == 0 ? Math.Min(1, 1 / TensorPrimitives.Norm<double>(gradient)) : 1.0;
            double next;
            var halvings = 0;
            while (true)
            {
                TensorPrimitives.MultiplyAdd(direction, step, x, nextX);
                next = objective.Evaluate(nextX, nextGradient);
                if (next <= value + SufficientDecrease * step * slope) break;
                if (++halvings > MostHalvings) return new MinimizeResult(value, iteration - 1, false);
                step /= 2;
            }

            var slot = stored % pairs;
            s[slot] ??= new double[n];
            y[slot] ??= new double[n];
            TensorPrimitives.Subtract(nextX, x, s[slot]);
            TensorPrimitives.Subtract(nextGradient, gradient, y[slot]);
            var curvature = TensorPrimitives.Dot<double>(s[slot], y[slot]);
            // A pair without positive curvature would make H indefinite; it is left out.
            if (curvature > 1e-12 * TensorPrimitives.SumOfSquares<double>(y[slot])) rho[slot] = 1 / curvature;
            else stored--;
            stored++;
            nextX.CopyTo(x, 0);
            (gradient, nextGradient) = (nextGradient, gradient);
            value = next;
            options.OnIteration?.Invoke(iteration, value);
        }
    }

    private static void Direction(double[] gradient, double[] q, double[][] s, double[][] y, double[] rho, int stored)
    {
        TensorPrimitives.Negate(gradient, q);
        if (stored == 0) return;

        var pairs = rho.Length;
        Span<double> alpha = stackalloc double[MostPairs];
        var first = Math.Max(0, stored - pairs);
        for (var i = stored - 1; i >= first; i--)
        {
            var slot = i % pairs;
            alpha[slot] = rho[slot] * TensorPrimitives.Dot<double>(s[slot], q);
            TensorPrimitives.MultiplyAdd(y[slot], -alpha[slot], q, q);
        }
        var last = (stored - 1) % pairs;
        TensorPrimitives.Multiply(q, 1 / (rho[last] * TensorPrimitives.SumOfSquares<double>(y[last])), q);
        for (var i = first; i < stored; i++)
        {
            var slot = i % pairs;
            var beta = rho[slot] * TensorPrimitives.Dot<double>(y[slot], q);
            TensorPrimitives.MultiplyAdd(s[slot], alpha[slot] - beta, q, q);
        }
    }

    internal static double LargestAbs(ReadOnlySpan<double> values) => values.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(values));
}

/// <summary>
/// Minimises f(x) + l1 Σ_j |x_j| by the accelerated proximal gradient step x = soft(v - ∇f(v)/L, l1/L), with backtracking on L and a restart
/// whenever the momentum points uphill. Beck and Teboulle (FISTA), SIAM J. Imaging Sciences 2009; O'Donoghue and Candès, FoCM 2015.
/// </summary>
public static class ProximalGradient
{
    /// <summary>Minimises in place.</summary>
    /// <param name="objective">Smooth and convex.</param>
    /// <param name="x">The start; overwritten with the minimiser. [Dimension]</param>
    /// <param name="l1">Weight of the penalty, 0 or greater.</param>
    /// <param name="penalized">How many components, from the first on, carry the penalty.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    public static MinimizeResult Minimize(IObjective objective, double[] x, double l1, int penalized, MinimizeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentOutOfRangeException.ThrowIfNegative(l1);
        options ??= new MinimizeOptions();
        var n = objective.Dimension;
        double[] v = [.. x], gradient = new double[n], next = new double[n], difference = new double[n], unused = new double[n];
        var lipschitz = 1.0;
        var momentum = 1.0;

        for (var iteration = 1; iteration <= options.MaxIterations; iteration++)
        {
            options.Cancel.ThrowIfCancellationRequested();
            var value = objective.Evaluate(v, gradient);
            if (!double.IsFinite(value)) throw new ArithmeticException($"The objective is {value} in iteration {iteration}.");
            double nextValue;
            while (true)
            {
                TensorPrimitives.MultiplyAdd(gradient, -1 / lipschitz, v, next);
                Shrink(next.AsSpan(0, penalized), l1 / lipschitz);
                nextValue = objective.Evaluate(next, unused);
                TensorPrimitives.Subtract(next, v, difference);
                var model = value + TensorPrimitives.Dot<double>(gradient, difference)
                    + lipschitz / 2 * TensorPrimitives.SumOfSquares<double>(difference);
                if (nextValue <= model + 1e-12 * Math.Abs(model)) break;
                lipschitz *= 2;
            }

            var moved = lipschitz * LBfgs.LargestAbs(difference);
            TensorPrimitives.Subtract(next, x, unused);
            var uphill = TensorPrimitives.Dot<double>(difference, unused) < 0;
            var nextMomentum = uphill ? 1 : (1 + Math.Sqrt(1 + 4 * momentum * momentum)) / 2;
            TensorPrimitives.MultiplyAdd(unused, uphill ? 0 : (momentum - 1) / nextMomentum, next, v);
            momentum = nextMomentum;
            next.CopyTo(x, 0);
            lipschitz *= 0.9;
            options.OnIteration?.Invoke(iteration, nextValue + Penalty(x, l1, penalized));
            if (moved <= options.Tolerance) return new MinimizeResult(nextValue + Penalty(x, l1, penalized), iteration, true);
        }
        return new MinimizeResult(objective.Evaluate(x, gradient) + Penalty(x, l1, penalized), options.MaxIterations, false);
    }

    private static double Penalty(double[] x, double l1, int penalized) => l1 * TensorPrimitives.SumOfMagnitudes<double>(x.AsSpan(0, penalized));

    private static void Shrink(Span<double> x, double threshold)
    {
        for (var j = 0; j < x.Length; j++)
            x[j] = Math.Sign(x[j]) * Math.Max(0, Math.Abs(x[j]) - threshold);
    }
}

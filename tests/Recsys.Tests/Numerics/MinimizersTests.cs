using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

public sealed class MinimizersTests
{
    private sealed class Rosenbrock : IObjective
    {
        public int Dimension => 2;

        public double Evaluate(ReadOnlySpan<double> x, Span<double> gradient)
        {
            var (a, b) = (1 - x[0], x[1] - x[0] * x[0]);
            gradient[0] = -2 * a - 400 * x[0] * b;
            gradient[1] = 200 * b;
            return a * a + 100 * b * b;
        }
    }

    // ½ Σ_j c_j (x_j - t_j)²: with an L1 penalty the minimiser is soft(t_j, l1 / c_j), by hand.
    private sealed class Bowl(double[] curvature, double[] target) : IObjective
    {
        public int Dimension => target.Length;

        public double Evaluate(ReadOnlySpan<double> x, Span<double> gradient)
        {
            var value = 0.0;
            for (var j = 0; j < x.Length; j++)
            {
                gradient[j] = curvature[j] * (x[j] - target[j]);
                value += gradient[j] * (x[j] - target[j]) / 2;
            }
            return value;
        }
    }

    private sealed class NotFinite : IObjective
    {
        public int Dimension => 1;

        public double Evaluate(ReadOnlySpan<double> x, Span<double> gradient) => double.NaN;
    }

    [Fact]
    public void LBfgs_finds_the_bottom_of_a_curved_valley()
    {
        double[] x = [-1.2, 1];
        var result = LBfgs.Minimize(new Rosenbrock(), x, new MinimizeOptions { Tolerance = 1e-8 });
        Assert.True(result.Converged);
        Assert.Equal(1, x[0], 1e-6);
        Assert.Equal(1, x[1], 1e-6);
        Assert.InRange(result.Iterations, 5, 100);
    }

    [Fact]
    public void LBfgs_solves_an_ill_scaled_bowl()
    {
        double[] curvature = [1, 1e2, 1e4, 1e-2], target = [3, -2, 0.5, 10], x = new double[4];
        Assert.True(LBfgs.Minimize(new Bowl(curvature, target), x, new MinimizeOptions { Tolerance = 1e-9 }).Converged);
        for (var j = 0; j < 4; j++) Assert.Equal(target[j], x[j], 1e-6);
    }

    [Fact]
    public void LBfgs_stops_when_the_iterations_run_out_and_says_so()
    {
        double[] x = [-1.2, 1];
        var result = LBfgs.Minimize(new Rosenbrock(), x, new MinimizeOptions { MaxIterations = 3 });
        Assert.False(result.Converged);
        Assert.Equal(3, result.Iterations);
    }

    [Fact]
    public void Proximal_gradient_soft_thresholds_each_penalised_component()
    {
        double[] curvature = [1, 2, 4, 1], target = [3, -0.2, -1, 0.5], x = new double[4];
        var result = ProximalGradient.Minimize(new Bowl(curvature, target), x, l1: 0.8, penalized: 3, new MinimizeOptions { Tolerance = 1e-10, MaxIterations = 2000 });
        Assert.True(result.Converged);
        Assert.Equal(3 - 0.8, x[0], 1e-8);
        Assert.Equal(0, x[1]);
        Assert.Equal(-1 + 0.2, x[2], 1e-8);
        Assert.Equal(0.5, x[3], 1e-8);
    }

    [Fact]
    public void An_objective_that_is_not_finite_is_an_error()
        => Assert.Contains("NaN", Assert.Throws<ArithmeticException>(() => LBfgs.Minimize(new NotFinite(), [0])).Message, StringComparison.Ordinal);

    [Fact]
    public void Both_stop_when_cancelled()
    {
        var options = new MinimizeOptions { Cancel = new CancellationToken(canceled: true) };
        Assert.Throws<OperationCanceledException>(() => LBfgs.Minimize(new Rosenbrock(), [0, 0], options));
        Assert.Throws<OperationCanceledException>(() => ProximalGradient.Minimize(new Rosenbrock(), [0, 0], 1, 2, options));
    }
}

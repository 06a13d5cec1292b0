using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class ElementwiseTests
{
    private sealed record Function(
        Kernels.Unary Kernel, Func<float, float> One, Func<double, double> Exact, double Ulps, double Low = -120, double High = 120);

    // Where the sigmoid leaves the normal numbers it goes to 0 in one step, so it is measured from -87.
    private static readonly Dictionary<string, Function> Functions = new()
    {
        ["exp"] = new(Elementwise.Exp, Elementwise.Exp, Math.Exp, 2),
        ["sigmoid"] = new(Elementwise.Sigmoid, Elementwise.Sigmoid, ScalarMath.Sigmoid, 3, -87),
        ["log-sigmoid"] = new(Elementwise.LogSigmoid, Elementwise.LogSigmoid, ScalarMath.LogSigmoid, 3),
        ["softplus"] = new(Elementwise.Softplus, Elementwise.Softplus, ScalarMath.Softplus, 3),
        ["tanh"] = new(Elementwise.Tanh, Elementwise.Tanh, Math.Tanh, 3),
    };

    public static TheoryData<string> Names => [.. Functions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_function_agrees_with_its_formula_on_every_length_unaligned_and_in_place(string name)
    {
        var function = Functions[name];
        Kernels.OnEveryLength(function.Kernel, (x, y) =>
        {
            for (var i = 0; i < x.Length; i++) Kernels.AssertUlps(function.Exact(x[i]), y[i], function.Ulps, $"{name}({x[i]:R})");
        }, deviation: 20);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_function_agrees_with_its_formula_over_the_whole_range(string name)
    {
        var function = Functions[name];
        const int Points = 400_000;
        var x = new float[Points];
        for (var i = 0; i < Points; i++)
        {
            // Half of the points evenly, half crowding around 0 over many magnitudes.
            var t = (double)i / Points;
            x[i] = i % 2 == 0 ? (float)(function.Low + t * (function.High - function.Low)) : (float)((i % 4 - 2) * Math.Pow(10, -30 * t));
        }
        var y = new float[Points];
        function.Kernel(x, y);
        for (var i = 0; i < Points; i++)
        {
            if (Kernels.Ulps(function.Exact(x[i]), y[i]) > function.Ulps)
                Kernels.AssertUlps(function.Exact(x[i]), y[i], function.Ulps, $"{name}({x[i]:R})");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_value_does_not_depend_on_its_place_in_the_span(string name)
        => Kernels.OnEveryLength(Functions[name].Kernel, (x, y) =>
        {
            for (var i = 0; i < x.Length; i++)
                Assert.Equal(BitConverter.SingleToInt32Bits(Functions[name].One(x[i])), BitConverter.SingleToInt32Bits(y[i]));
        });

    [Fact]
    public void The_ends_of_the_range_are_exact()
    {
        Assert.Equal([1f, 0f, 0f, float.PositiveInfinity, float.PositiveInfinity], Each(Elementwise.Exp));
        Assert.Equal([0.5f, 0f, 0f, 1f, 1f], Each(Elementwise.Sigmoid));
        Assert.Equal([(float)-Math.Log(2), -1000f, float.NegativeInfinity, 0f, 0f], Each(Elementwise.LogSigmoid));
        Assert.Equal([(float)Math.Log(2), 0f, 0f, 1000f, float.PositiveInfinity], Each(Elementwise.Softplus));
        Assert.Equal([0f, -1f, -1f, 1f, 1f], Each(Elementwise.Tanh));
        Assert.True(Elementwise.Sigmoid(-87) > 0);
        Assert.True(Elementwise.LogSigmoid(80) < 0);

        static float[] Each(Func<float, float> f) => [f(0), f(-1000), f(float.NegativeInfinity), f(1000), f(float.PositiveInfinity)];
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NaN_comes_out_where_it_goes_in_and_nowhere_else(string name)
    {
        var x = new float[33];
        x[5] = x[32] = float.NaN;
        var y = new float[33];
        Functions[name].Kernel(x, y);
        for (var i = 0; i < y.Length; i++) Assert.Equal(i is 5 or 32, float.IsNaN(y[i]));
    }

    [Fact]
    public void Softmax_and_log_softmax_agree_with_their_formulas_on_every_length()
    {
        Kernels.OnEveryLength(Elementwise.Softmax, (x, y) =>
        {
            if (x.Length == 0) return;
            var expected = ScalarMath.Softmax(x);
            for (var i = 0; i < x.Length; i++) Assert.Equal(expected[i], y[i], 1e-6 * expected[i] + 1e-12);
        }, deviation: 4);
        Kernels.OnEveryLength(Elementwise.LogSoftmax, (x, y) =>
        {
            for (var i = 0; i < x.Length; i++) Assert.Equal(x[i] - ScalarMath.LogSumExp(x), y[i], 4e-6);
        }, deviation: 4);
    }

    [Fact]
    public void Log_sum_exp_agrees_with_its_formula_on_every_length()
    {
        for (var length = 1; length <= Kernels.LongestLength; length++)
        {
            var x = Kernels.Normals(length, (ulong)length, 4);
            Assert.Equal(ScalarMath.LogSumExp(x), Elementwise.LogSumExp(x), 4e-6);
        }
        Assert.Equal(float.NegativeInfinity, Elementwise.LogSumExp([]));
        Assert.Equal(float.NegativeInfinity, Elementwise.LogSumExp([float.NegativeInfinity, float.NegativeInfinity]));
    }

    [Fact]
    public void Softmax_of_large_and_of_masked_scores_is_finite()
    {
        float[] x = [1000, 1000, float.NegativeInfinity, -1000];
        var y = new float[4];
        Elementwise.Softmax(x, y);
        Assert.Equal([0.5f, 0.5f, 0, 0], y);
        Elementwise.LogSoftmax(x, y);
        Assert.Equal([-MathF.Log(2), -MathF.Log(2), float.NegativeInfinity, -2000 - MathF.Log(2)], y);
        Assert.Equal(1000 + MathF.Log(2), Elementwise.LogSumExp(x));
    }

    [Fact]
    public void Linear_work_agrees_with_its_formula_on_every_length()
    {
        Kernels.OnEveryLength((x, y) => Elementwise.Relu(x, y), (x, y) => Assert.Equal(x.Select(v => Math.Max(v, 0)), y));
        Kernels.OnEveryLength((x, y) => Elementwise.Clamp(x, -1, 2, y), (x, y) => Assert.Equal(x.Select(v => Math.Clamp(v, -1, 2)), y));
        Kernels.OnEveryLength((x, y) => Elementwise.Add(x, x, y), (x, y) => Assert.Equal(x.Select(v => v + v), y));
        Kernels.OnEveryLength((x, y) => Elementwise.Subtract(x, x, y), (x, y) => Assert.All(y, v => Assert.Equal(0, v)));
        Kernels.OnEveryLength((x, y) => Elementwise.Multiply(x, x, y), (x, y) => Assert.Equal(x.Select(v => v * v), y));
        for (var length = 0; length <= Kernels.LongestLength; length++)
        {
            var (x, y) = (Kernels.Normals(length + 3, 1), Kernels.Normals(length + 5, 2));
            var z = (float[])y.Clone();
            Elementwise.Axpy(0.3f, x.AsSpan(3), z.AsSpan(5));
            for (var i = 0; i < length; i++) Assert.Equal(y[i + 5] + 0.3 * x[i + 3], z[i + 5], 1e-6);
            Elementwise.Scale(-2, z.AsSpan(5));
            for (var i = 0; i < length; i++) Assert.Equal(-2 * (y[i + 5] + 0.3 * x[i + 3]), z[i + 5], 2e-6);
            Assert.Equal(y.AsSpan(0, 5), z.AsSpan(0, 5));
        }
    }

    [Fact]
    public void Reductions_agree_with_their_formulas_on_every_length()
    {
        for (var length = 1; length <= Kernels.LongestLength; length++)
        {
            var all = Kernels.Normals(length + 3, (ulong)length);
            var array = all[3..];
            var x = all.AsSpan(3);
            Assert.Equal(array.Max(), Elementwise.Max(x));
            Assert.Equal(array.Min(), Elementwise.Min(x));
            Assert.Equal(array.Sum(v => (double)v), Elementwise.Sum(x), 1e-4);
            Assert.Equal(array.Sum(v => (double)v * v), Elementwise.SumOfSquares(x), 1e-4 * length);
            var norm = Elementwise.Norm(x);
            Assert.Equal(Math.Sqrt(array.Sum(v => (double)v * v)), norm, 1e-4);
            Assert.Equal(norm, Elementwise.Normalize(x));
            Assert.Equal(1, Elementwise.Norm(x), 1e-5);

            Assert.Equal(-1, Elementwise.IndexOfNonFinite(x));
            x[^1] = float.NegativeInfinity;
            x[length / 2] = float.NaN;
            Assert.Equal(length / 2, Elementwise.IndexOfNonFinite(x));
        }
    }

    [Fact]
    public void A_vector_of_zeros_stays_when_normalized()
    {
        var zeros = new float[4];
        Assert.Equal(0, Elementwise.Normalize(zeros));
        Assert.Equal(new float[4], zeros);
        Assert.Equal((0f, 0f, -1), (Elementwise.Sum([]), Elementwise.Norm([]), Elementwise.IndexOfNonFinite([])));
    }

    [Fact]
    public void Wrong_spans_are_named()
    {
        var x = new float[8];
        Check("room for 3 values, x has 4", () => Elementwise.Exp(x.AsSpan(0, 4), x.AsSpan(0, 3)));
        Check("overlaps a source, shifted by 2", () => Elementwise.Sigmoid(x.AsSpan(0, 4), x.AsSpan(2, 4)));
        Check("y has 3 values and x 4", () => Elementwise.Add(x.AsSpan(0, 4), new float[3], new float[4]));
        Check("The span is empty", () => Elementwise.Max([]));
        Check("The minimum is 2 and the maximum 1", () => Elementwise.Clamp(x, 2, 1, x));

        static void Check(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var (x, y) = (Kernels.Normals(100, 1), new float[100]);
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Run()
        {
            foreach (var function in Functions.Values) function.Kernel(x, y);
            Elementwise.Softmax(x, y);
            Elementwise.LogSoftmax(x, y);
            Elementwise.Axpy(Elementwise.LogSumExp(x), x, y);
            Elementwise.Normalize(y);
        }
    }
}

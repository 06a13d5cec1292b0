using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

/// <summary>Inputs for tests of kernels over spans: every length, unaligned, with sentinels on both sides.</summary>
internal static class Kernels
{
    public const float Sentinel = 12345;
    public const int LongestLength = 256;

    public static float[] Normals(int length, ulong seed, float deviation = 1)
    {
        var values = new float[length];
        new Rng(seed).FillNormal(0, values, 0, deviation);
        return values;
    }

    public delegate void Unary(ReadOnlySpan<float> x, Span<float> destination);

    /// <summary>Runs the kernel on every length 0..256 at offsets that go through all of 0..15 (each misalignment of 64 bytes), into
    /// another span and in
    /// place, and hands (input, output) to the check.</summary>
    public static void OnEveryLength(Unary kernel, Action<float[], float[]> check, float deviation = 1)
    {
        var source = Normals(LongestLength + 16, 7, deviation);
        for (var length = 0; length <= LongestLength; length++)
        {
            var offset = length * 7 % 16;
            var x = source.AsSpan(offset, length);
            var buffer = new float[length + 32];
            Array.Fill(buffer, Sentinel);
            var at = length * 5 % 16 + 1;
            kernel(x, buffer.AsSpan(at, length));
            for (var i = 0; i < buffer.Length; i++)
                if (i < at || i >= at + length) Assert.Equal(Sentinel, buffer[i]);
            var output = buffer.AsSpan(at, length).ToArray();
            check(x.ToArray(), output);

            x.CopyTo(buffer.AsSpan(at));
            kernel(buffer.AsSpan(at, length), buffer.AsSpan(at, length));
            Assert.Equal(output, buffer.AsSpan(at, length).ToArray());
        }
    }

    /// <summary>Distance in units in the last place of the expected value as a float.</summary>
    public static double Ulps(double expected, float actual)
    {
        var rounded = (float)expected;
        if (!float.IsFinite(rounded) || !float.IsFinite(actual)) return rounded.Equals(actual) ? 0 : double.PositiveInfinity;
        var size = Math.Abs(rounded);
        return Math.Abs(actual - expected) / ((double)MathF.BitIncrement(size) - size);
    }

    public static void AssertUlps(double expected, float actual, double limit, string what)
        => Assert.True(Ulps(expected, actual) <= limit,
            $"{what} is {actual:R}, expected {expected:R}: {Ulps(expected, actual):F1} ulp, {limit} allowed.");
}

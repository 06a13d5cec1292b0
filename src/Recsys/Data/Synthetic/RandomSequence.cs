using Recsys.Numerics;

namespace Recsys.Data;

/// <summary>Takes the numbers of one stream one after another.</summary>
internal struct RandomSequence(Rng stream)
{
    private ulong _next;

    public double Uniform() => stream.UniformDouble(_next++);

    public int Below(int bound) => stream.Below(_next++, bound);

    public double Normal() => stream.Normal(_next++);

    /// <summary>Exponential with mean 1.</summary>
    public double Exponential() => -Math.Log(1 - Uniform());

    /// <summary>0..length-1 with probability ∝ (k + 1)^-exponent; for short lists.</summary>
    public int Ranked(int length, double exponent)
    {
        var total = 0.0;
        for (var k = 1; k <= length; k++) total += Math.Pow(k, -exponent);
        var rest = Uniform() * total;
        for (var k = 0; k < length - 1; k++)
        {
            rest -= Math.Pow(k + 1, -exponent);
            if (rest < 0) return k;
        }
        return length - 1;
    }
}

using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>How the first values of a parameter are drawn. Equal seeds and names give equal values, whatever else the network holds.</summary>
public readonly record struct Initializer
{
    private enum Law { Constant, Uniform, Normal, FanInUniform, XavierUniform, XavierNormal, HeNormal }

    private readonly Law _law;
    private readonly float _scale;

    private Initializer(Law law, float scale) => (_law, _scale) = (law, scale);

    /// <summary>All zeros.</summary>
    public static Initializer Zeros => new(Law.Constant, 0);

    /// <summary>All ones.</summary>
    public static Initializer Ones => new(Law.Constant, 1);

    /// <summary>One value everywhere.</summary>
    public static Initializer Constant(float value) => new(Law.Constant, value);

    /// <summary>Uniform in −limit..limit.</summary>
    public static Initializer Uniform(float limit) => new(Law.Uniform, limit);

    /// <summary>Normal around 0.</summary>
    public static Initializer Normal(float deviation) => new(Law.Normal, deviation);

    /// <summary>Uniform in ±√(1 / in): PyTorch's default of a linear layer.</summary>
    public static Initializer FanIn => new(Law.FanInUniform, 1);

    /// <summary>Uniform in ±√(6 / (in + out)). Glorot and Bengio, AISTATS 2010.</summary>
    public static Initializer XavierUniform => new(Law.XavierUniform, 1);

    /// <summary>Normal of variance 2 / (in + out). Glorot and Bengio, AISTATS 2010.</summary>
    public static Initializer XavierNormal => new(Law.XavierNormal, 1);

    /// <summary>Normal of variance 2 / in. He et al., ICCV 2015.</summary>
    public static Initializer HeNormal => new(Law.HeNormal, 1);

    /// <summary>Fills values.</summary>
    /// <param name="rng">A stream of their own.</param>
    /// <param name="index">Position of the first value in the stream.</param>
    /// <param name="fanIn">Inputs of one output, at least 1.</param>
    /// <param name="fanOut">Outputs of one input, at least 1.</param>
    /// <param name="values">Receives them.</param>
    internal void Fill(in Rng rng, ulong index, int fanIn, int fanOut, Span<float> values)
    {
        switch (_law)
        {
            case Law.Constant: values.Fill(_scale); break;
            case Law.Uniform: Between(rng, index, _scale, values); break;
            case Law.Normal: rng.FillNormal(index, values, 0, _scale); break;
            case Law.FanInUniform: Between(rng, index, MathF.Sqrt(1f / fanIn), values); break;
            case Law.XavierUniform: Between(rng, index, MathF.Sqrt(6f / (fanIn + fanOut)), values); break;
            case Law.XavierNormal: rng.FillNormal(index, values, 0, MathF.Sqrt(2f / (fanIn + fanOut))); break;
            default: rng.FillNormal(index, values, 0, MathF.Sqrt(2f / fanIn)); break;
        }
    }

    private static void Between(in Rng rng, ulong index, float limit, Span<float> values) => rng.FillUniform(index, values, -limit, limit);
}

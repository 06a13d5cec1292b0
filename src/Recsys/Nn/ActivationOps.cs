namespace Recsys.Nn;

/// <summary>Functions of each element of a tensor.</summary>
public static class ActivationOps
{
    /// <summary>max(x, 0).</summary>
    public static Tensor Relu(this Tensor x) => Nn.Relu.Of(x);

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    public static Tensor Sigmoid(this Tensor x) => Nn.Sigmoid.Of(x);

    /// <summary>tanh x.</summary>
    public static Tensor Tanh(this Tensor x) => Nn.Tanh.Of(x);

    /// <summary>x Φ(x), Φ the normal distribution. Hendrycks and Gimpel, arXiv 1606.08415.</summary>
    public static Tensor Gelu(this Tensor x) => Nn.Gelu.Of(x);

    /// <summary>x where x &gt; 0, else slope · x. He et al., ICCV 2015.</summary>
    /// <param name="x">[.., n].</param>
    /// <param name="slope">[n], or a single number.</param>
    public static Tensor PRelu(this Tensor x, Tensor slope) => Nn.PRelu.Of(x, slope);

    /// <summary>p x + (1 − p) slope · x with p = σ(normalised). Zhou et al., "Deep interest network", KDD 2018, eq. 3.</summary>
    /// <param name="x">[.., n].</param>
    /// <param name="normalised">x less its mean, over its deviation. [.., n]</param>
    /// <param name="slope">[n], or a single number.</param>
    public static Tensor Dice(this Tensor x, Tensor normalised, Tensor slope) => DiceGate.Of(x, normalised, slope);

    /// <summary>
    /// While training, each element becomes 0 with that probability, the others grow by 1 / (1 − probability); else x itself. The mask
    /// depends
    /// on seed, step, shard and the place in the network alone.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="probability">0 to below 1, in steps of 1/65536.</param>
    public static Tensor Dropout(this Tensor x, float probability) => Nn.Dropout.Of(x, probability);
}

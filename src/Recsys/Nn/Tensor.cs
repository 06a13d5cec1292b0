namespace Recsys.Nn;

/// <summary>
/// A value on a <see cref="Tape"/>: a small handle, good until the tape is reset. Operators compute at once and record how to go back.
/// </summary>
public readonly struct Tensor
{
    internal Tensor(Tape tape, int node)
    {
        Tape = tape;
        Node = node;
    }

    /// <summary>The tape that it lies on.</summary>
    public Tape Tape { get; }

    /// <summary>Sizes of the axes.</summary>
    public Shape Shape => Tape.At(Node).Shape;

    /// <summary>The elements, row-major. Length <see cref="Shape.Length"/>.</summary>
    public ReadOnlySpan<float> Values => Mutable;

    /// <summary>∂loss/∂this after <see cref="Tape.Backward"/>; empty where nothing asked for it.</summary>
    public ReadOnlySpan<float> Gradient => Tape.GradientOrEmpty(Node);

    internal int Node { get; }

    // For the op that makes it, before anybody else reads it.
    internal Span<float> Mutable => Tape.Values(Node);

    /// <summary>x + y: of one shape, or y a row that is added to each row of x, or a single number.</summary>
    public static Tensor operator +(Tensor x, Tensor y) => Add.Of(x, y);

    /// <summary>x − y, of one shape.</summary>
    public static Tensor operator -(Tensor x, Tensor y) => Subtract.Of(x, y);

    /// <summary>x · y element by element: of one shape, or y a row that multiplies each row of x.</summary>
    public static Tensor operator *(Tensor x, Tensor y) => Multiply.Of(x, y);

    /// <summary>c · x.</summary>
    public static Tensor operator *(float c, Tensor x) => Affine.Of(x, c, 0);

    /// <summary>x + c.</summary>
    public static Tensor operator +(Tensor x, float c) => Affine.Of(x, 1, c);

    /// <summary>c − x.</summary>
    public static Tensor operator -(float c, Tensor x) => Affine.Of(x, -1, c);

    /// <summary>−x.</summary>
    public static Tensor operator -(Tensor x) => Affine.Of(x, -1, 0);

    /// <summary>The same elements in other axes; nothing is copied.</summary>
    /// <param name="sizes">With one -1 at most: what is left.</param>
    public Tensor Reshape(params ReadOnlySpan<int> sizes) => Nn.Reshape.Of(this, sizes);

    /// <inheritdoc/>
    public override string ToString() => $"{Tape.At(Node).Op.Name} {Shape}";
}

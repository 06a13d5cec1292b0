namespace Recsys.Nn;

/// <summary>
/// A differentiable operation. It has no state: its static method <c>Of</c> computes at once and pushes a node, <see cref="Backward"/>,
/// in the same file, goes back. One instance serves all tapes.
/// </summary>
internal abstract class Op
{
    /// <summary>What error messages call it.</summary>
    public abstract string Name { get; }

    /// <summary>Adds to the gradient of each input what the gradient of the output makes of it.</summary>
    public abstract void Backward(in Adjoint node);

    /// <summary>Whether the gradient of the output must outlive the tape: it is the gradient of table rows.</summary>
    public virtual bool OwnsGradient => false;

    /// <summary>The error of shapes that don't fit.</summary>
    public static ArgumentException Mismatch(string op, Shape x, Shape y, string rule)
        => new($"{op}: the shapes {x} and {y} do not fit; {rule}.");
}

/// <summary>What a node offers to its op on the way back.</summary>
internal readonly ref struct Adjoint
{
    private readonly Tape _tape;
    private readonly int _node;

    public Adjoint(Tape tape, int node)
    {
        _tape = tape;
        _node = node;
    }

    public Tape Tape => _tape;

    private ref Node Node => ref _tape.At(_node);

    public Shape Shape => Node.Shape;

    public ReadOnlySpan<float> Output => _tape.Values(_node);

    /// <summary>∂loss/∂output. An op may use it as scratch: nobody reads it afterwards, unless the node is a leaf.</summary>
    public Span<float> Gradient => _tape.GradientOrEmpty(_node);

    public int I0 => Node.I0;

    public int I1 => Node.I1;

    public float F0 => Node.F0;

    public object? Data => Node.Data;

    /// <summary>The whole numbers that the op kept.</summary>
    public ReadOnlySpan<int> Ints => Node.Ints.Span;

    /// <summary>The numbers that the op kept beside its output.</summary>
    public Span<float> Kept => Node.Kept.Span;

    public Shape ShapeOf(int input) => _tape.At(Node.Input(input)).Shape;

    public ReadOnlySpan<float> Input(int input) => _tape.Values(Node.Input(input));

    /// <summary>Whether an input exists.</summary>
    public bool Has(int input) => Node.Input(input) >= 0;

    /// <summary>Whether an input exists and leads to something that learns.</summary>
    public bool Wants(int input) => Node.Input(input) is >= 0 and var at && _tape.At(at).NeedsGradient;

    /// <summary>Hands the gradient of a lookup to the sink: rows and slots are the two halves of what it kept.</summary>
    public void Deposit(RowGradients rows)
    {
        ref var node = ref Node;
        var (first, second) = (node.Ints, node.Ints);
        first.Length = second.Length = node.I0;
        second.Start += node.I0;
        rows.Add(first, second, node.Kept, node.Gradient);
    }

    /// <summary>The gradient of an input, to add to; zeros at first.</summary>
    public Span<float> GradientOf(int input) => _tape.GradientToAddTo(Node.Input(input));

    /// <summary>The gradient of an input: to write if it is fresh (it holds anything), else to add to. Saves clearing it.</summary>
    public Span<float> GradientOf(int input, out bool fresh) => _tape.GradientToFill(Node.Input(input), out fresh);
}

using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>What a tape is for.</summary>
public enum TapeMode
{
    /// <summary>Values alone: nothing is recorded. Dropout is off, norms use their running statistics.</summary>
    Serve,

    /// <summary>Values and gradients, with the behaviour of serving: for checks and explanations.</summary>
    Differentiate,

    /// <summary>Values and gradients; dropout is on, norms use the statistics of the batch.</summary>
    Train,
}

/// <summary>
/// An eager tape: an operation computes at once, pushes a node and returns a handle; <see cref="Backward"/> walks the nodes from the last
/// to the first. Memory comes from an arena that <see cref="Reset"/> rewinds, so a step allocates nothing once warm. One thread at a time.
/// </summary>
public sealed class Tape
{
    private readonly Arena _arena = new();
    private Node[] _nodes = new Node[64];
    private int _count;
    private int _randomStreams;

    /// <summary>A tape of its own gradients: <see cref="Tensor.Gradient"/> of what <see cref="Use"/> returned.</summary>
    public Tape(TapeMode mode = TapeMode.Serve) => Mode = mode;

    /// <summary>What it is for.</summary>
    public TapeMode Mode { get; internal set; }

    /// <summary>Number of nodes on it.</summary>
    public int Count => _count;

    internal bool Records => Mode != TapeMode.Serve;

    /// <summary>Where gradients of parameters and tables go; null keeps those of parameters on the tape and drops those of tables.</summary>
    internal ShardGradients? Sink { get; set; }

    /// <summary>What was kept of the items of requests, or is being kept; null without.</summary>
    internal KeptItems? Items { get; set; }

    /// <summary>Random numbers of this step and shard; each op that draws takes a stream of its own.</summary>
    internal Rng Random { get; set; }

    internal Rng NextRandom() => Random.Stream((ulong)_randomStreams++);

    /// <summary>Where an op of training leaves the new value of a statistic; empty when nobody trains.</summary>
    /// <param name="statistic">Of a norm.</param>
    /// <param name="fresh">Whether nobody left one on this tape before; else it holds that.</param>
    internal Span<float> NewValueOf(Parameter statistic, out bool fresh)
    {
        fresh = true;
        return Sink is null ? [] : Sink.Dense(statistic, out fresh).Span;
    }

    /// <summary>Forgets all tensors and takes their memory back.</summary>
    public void Reset()
    {
        // Nodes keep what they refer to alive, so they are cleared; the arena stays.
        Array.Clear(_nodes, 0, _count);
        (_count, _randomStreams) = (0, 0);
        _arena.Rewind();
    }

    /// <summary>Numbers that don't learn, copied.</summary>
    /// <exception cref="ArgumentException">There are not as many values as the shape has elements.</exception>
    public Tensor Constant(Shape shape, ReadOnlySpan<float> values)
    {
        if (values.Length != shape.Length)
            throw new ArgumentException($"There are {values.Length} values; the shape {shape} has {shape.Length}.", nameof(values));
        var tensor = Constant(shape);
        values.CopyTo(tensor.Mutable);
        return tensor;
    }

    /// <summary>One number that doesn't learn.</summary>
    public Tensor Constant(float value) => Constant(new Shape(), [value]);

    /// <summary>A parameter as a tensor.</summary>
    public Tensor Use(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ref var node = ref Add(Leaf.Instance, parameter.Shape, out var tensor);
        node.Values = parameter.Block;
        node.Data = parameter;
        node.NeedsGradient = Records && !parameter.IsStatistic;
        return tensor;
    }

    /// <summary>Computes ∂(scale · Σ of the tensor)/∂x for every x that leads to it.</summary>
    /// <exception cref="InvalidOperationException">The tape is for serving.</exception>
    public void Backward(Tensor loss, float scale = 1)
    {
        if (!Records) throw new InvalidOperationException("The tape is for serving and records nothing; make it with another mode.");
        if (!At(loss.Node).NeedsGradient) return;
        GradientToFill(loss.Node, out _).Fill(scale);
        for (var i = loss.Node; i >= 0; i--)
        {
            ref var node = ref _nodes[i];
            if (node.Gradient.Slab is not null) node.Op.Backward(new Adjoint(this, i));
        }
    }

    /// <summary>Describes the first node that holds NaN or infinity; null if none does.</summary>
    public string? FirstNonFinite()
    {
        for (var i = 0; i < _count; i++)
        {
            var at = Elementwise.IndexOfNonFinite(Values(i));
            if (at < 0) continue;
            var node = _nodes[i];
            if (node.Data is Parameter parameter) return $"parameter '{parameter.Name}' holds {Values(i)[at]} at {at}";
            var inputs = "";
            foreach (var input in (ReadOnlySpan<int>)[node.A, node.B, node.C, node.D])
                if (input >= 0) inputs += (inputs == "" ? "" : ", ") + Describe(input);
            return $"op '{node.Op.Name}' {node.Shape} of ({inputs}) gave {Values(i)[at]} at element {at}";
        }
        return null;
    }

    internal Tensor Constant(Shape shape)
    {
        ref var node = ref Add(Leaf.Instance, shape, out var tensor);
        node.Values = _arena.Take(shape.Length);
        return tensor;
    }

    /// <summary>The node of an op: room for its output is taken, what it holds is open.</summary>
    internal Tensor Push(Op op, Shape shape, Tensor a, Tensor? b = null, Tensor? c = null, Tensor? d = null)
    {
        ref var node = ref Add(op, shape, out var tensor);
        node.Values = _arena.Take(shape.Length);
        Join(ref node, a, b, c, d);
        return tensor;
    }

    /// <summary>The node of an op of any number of inputs, whose nodes are kept as its whole numbers.</summary>
    internal Tensor PushMany(Op op, Shape shape, ReadOnlySpan<Tensor> inputs)
    {
        var nodes = _arena.TakeInts(inputs.Length);
        var needs = false;
        for (var i = 0; i < inputs.Length; i++)
        {
            nodes.Span[i] = Checked(inputs[i]);
            needs |= Needs(nodes.Span[i]);
        }
        ref var node = ref Add(op, shape, out var tensor);
        node.Values = _arena.Take(shape.Length);
        node.Ints = nodes;
        node.NeedsGradient = Records && needs;
        // The first ones also for messages.
        node.A = inputs.Length > 0 ? nodes.Span[0] : -1;
        node.B = inputs.Length > 1 ? nodes.Span[1] : -1;
        node.C = inputs.Length > 2 ? nodes.Span[2] : -1;
        node.D = inputs.Length > 3 ? nodes.Span[3] : -1;
        return tensor;
    }

    /// <summary>The node of an op that gives its input other axes.</summary>
    internal Tensor PushView(Op op, Shape shape, Tensor a)
    {
        var source = At(a.Node);
        ref var node = ref Add(op, shape, out var tensor);
        node.Values = source.Values;
        Join(ref node, a, null, null, null);
        return tensor;
    }

    /// <summary>The node of an op over a table, which is no tensor but learns.</summary>
    internal Tensor PushSource(Op op, Shape shape, object data, Tensor? a = null, Tensor? b = null)
    {
        ref var node = ref Add(op, shape, out var tensor);
        node.Values = _arena.Take(shape.Length);
        node.Data = data;
        if (a is { } first) node.A = Checked(first);
        if (b is { } second) node.B = Checked(second);
        node.NeedsGradient = Records;
        return tensor;
    }

    internal ref Node At(int node) => ref _nodes[node];

    internal FloatBlock Take(int length) => _arena.Take(length);

    internal IntBlock TakeInts(int length) => _arena.TakeInts(length);

    internal Span<float> Values(int node) => _nodes[node].Values.Span;

    internal Span<float> GradientOrEmpty(int node) => _nodes[node].Gradient.Span;

    internal Span<float> GradientToAddTo(int node)
    {
        var gradient = GradientToFill(node, out var fresh);
        if (fresh) gradient.Clear();
        return gradient;
    }

    internal Span<float> GradientToFill(int at, out bool fresh)
    {
        ref var node = ref _nodes[at];
        fresh = node.Gradient.Slab is null;
        if (!fresh) return node.Gradient.Span;
        if (node.Op == Reshape.Instance)
        {
            // A view and what it shows share one gradient.
            GradientToFill(node.A, out fresh);
            node.Gradient = _nodes[node.A].Gradient;
        }
        else if (node.Data is Parameter parameter && Sink is not null)
            node.Gradient = Sink.Dense(parameter, out fresh);
        else
            node.Gradient = node.Op.OwnsGradient && Sink is not null ? Sink.Take(node.Shape.Length) : _arena.Take(node.Shape.Length);
        return node.Gradient.Span;
    }

    private string Describe(int at)
        => _nodes[at].Data is Parameter parameter ? $"'{parameter.Name}'" : $"{_nodes[at].Op.Name} {_nodes[at].Shape}";

    private ref Node Add(Op op, Shape shape, out Tensor tensor)
    {
        if (_count == _nodes.Length) Array.Resize(ref _nodes, 2 * _count);
        tensor = new Tensor(this, _count);
        ref var node = ref _nodes[_count++];
        (node.Op, node.Shape) = (op, shape);
        (node.A, node.B, node.C, node.D) = (-1, -1, -1, -1);
        return ref node;
    }

    private void Join(ref Node node, Tensor a, Tensor? b, Tensor? c, Tensor? d)
    {
        node.A = Checked(a);
        if (b is { } second) node.B = Checked(second);
        if (c is { } third) node.C = Checked(third);
        if (d is { } fourth) node.D = Checked(fourth);
        if (!Records) return;
        node.NeedsGradient = Needs(node.A) || Needs(node.B) || Needs(node.C) || Needs(node.D);
    }

    private bool Needs(int node) => node >= 0 && _nodes[node].NeedsGradient;

    private int Checked(Tensor tensor) => ReferenceEquals(tensor.Tape, this) && tensor.Node < _count
        ? tensor.Node
        : throw new ArgumentException("The tensors lie on different tapes, or the tape was reset since; compute them on one.");
}

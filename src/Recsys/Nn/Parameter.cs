using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// Numbers that a network learns, or statistics that it keeps. Made by a <see cref="ParameterScope"/>. Its values change while it is trained
/// and never afterwards.
/// </summary>
public sealed class Parameter
{
    private readonly AlignedFloats _values;

    internal Parameter(string name, Shape shape, int index, bool isStatistic, Optimizer? optimizer)
    {
        (Name, Shape, Index, IsStatistic, Optimizer) = (name, shape, index, isStatistic, optimizer);
        _values = new AlignedFloats(shape.Length);
    }

    /// <summary>Its name in the network and in a file: scopes and a name, joined by dots.</summary>
    public string Name { get; }

    /// <summary>Sizes of its axes.</summary>
    public Shape Shape { get; }

    /// <summary>Whether it is a statistic of the batches (a running mean, say): kept and saved, but not learned by gradients.</summary>
    public bool IsStatistic { get; }

    /// <summary>The values, row-major.</summary>
    public ReadOnlySpan<float> Values => _values.Span;

    /// <summary>The optimizer that its scope asked for; null for the trainer's.</summary>
    public Optimizer? Optimizer { get; }

    internal int Index { get; }

    internal Span<float> Mutable => _values.Span;

    internal Memory<float> Memory => _values.Memory;

    internal FloatBlock Block => new() { Slab = _values, Start = 0, Length = Shape.Length };
}

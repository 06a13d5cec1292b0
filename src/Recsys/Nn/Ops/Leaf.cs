namespace Recsys.Nn;

/// <summary>What enters a tape: a parameter or a constant. Its gradient is the end of the way back.</summary>
internal sealed class Leaf : Op
{
    public static readonly Leaf Instance = new();

    public override string Name => "leaf";

    public override void Backward(in Adjoint node)
    {
    }
}

using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>A copy of all weights, of the best epoch so far.</summary>
internal sealed class WeightsCopy
{
    private readonly ParameterSet _parameters;

    public WeightsCopy(ParameterSet parameters)
    {
        _parameters = parameters;
        Dense = [.. parameters.DenseList.Select(p => new AlignedFloats(p.Shape.Length))];
        Tables = [.. parameters.TableList.Select(t => new AlignedFloats(t.Rows * t.Dimension))];
    }

    public AlignedFloats[] Dense { get; }

    public AlignedFloats[] Tables { get; }

    public void Take()
    {
        for (var i = 0; i < Dense.Length; i++) _parameters.DenseList[i].Values.CopyTo(Dense[i].Span);
        for (var i = 0; i < Tables.Length; i++) _parameters.TableList[i].Mutable.CopyTo(Tables[i].Span);
    }

    public void Restore()
    {
        for (var i = 0; i < Dense.Length; i++) Dense[i].Span.CopyTo(_parameters.DenseList[i].Mutable);
        for (var i = 0; i < Tables.Length; i++) Tables[i].Span.CopyTo(_parameters.TableList[i].Mutable);
    }
}

namespace Recsys.Nn;

/// <summary>
/// y = x where x &gt; 0, else a x, with a learned slope a for each column, or one for all. He et al., "Delving deep into rectifiers",
/// ICCV 2015.
/// </summary>
internal sealed class PRelu : Op
{
    public static readonly PRelu Instance = new();

    public override string Name => "prelu";

    public static Tensor Of(Tensor x, Tensor slope)
    {
        CheckSlope("prelu", x.Shape, slope.Shape);
        var y = x.Tape.Push(Instance, x.Shape, x, slope);
        var values = x.Values;
        var a = slope.Values;
        var to = y.Mutable;
        var column = 0;
        for (var i = 0; i < values.Length; i++)
        {
            to[i] = values[i] > 0 ? values[i] : a[column] * values[i];
            if (++column == a.Length) column = 0;
        }
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var x = node.Input(0);
        var a = node.Input(1);
        var g = node.Gradient;
        var dx = node.Wants(0) ? node.GradientOf(0) : [];
        var da = node.Wants(1) ? node.GradientOf(1) : [];
        var column = 0;
        for (var i = 0; i < x.Length; i++)
        {
            if (!dx.IsEmpty) dx[i] += x[i] > 0 ? g[i] : a[column] * g[i];
            if (!da.IsEmpty && !(x[i] > 0)) da[column] += g[i] * x[i];
            if (++column == a.Length) column = 0;
        }
    }

    public static void CheckSlope(string op, Shape x, Shape slope)
    {
        if (slope.Length != 1 && (slope.Rank != 1 || slope[0] != x.Columns))
            throw Mismatch(op, x, slope, "there must be one slope, or one for each column");
    }
}

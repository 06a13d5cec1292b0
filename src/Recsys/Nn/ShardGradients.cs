using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>The gradients that one shard of a batch gives to the parameters. What tables get are pairs of row and vector.</summary>
internal sealed class ShardGradients
{
    private readonly AlignedFloats _dense;
    private readonly int[] _starts;
    private readonly bool[] _touched;
    private readonly RowGradients[] _rows;
    private readonly Arena _arena = new();

    public ShardGradients(ParameterSet parameters)
    {
        _starts = Starts(parameters, out var length);
        _dense = new AlignedFloats(length);
        _touched = new bool[parameters.DenseList.Count];
        _rows = new RowGradients[parameters.TableList.Count];
        for (var i = 0; i < _rows.Length; i++) _rows[i] = new RowGradients(parameters.TableList[i]);
    }

    /// <summary>Where each parameter's gradient begins, on cache lines.</summary>
    public static int[] Starts(ParameterSet parameters, out int length)
    {
        var starts = new int[parameters.DenseList.Count];
        length = 0;
        for (var i = 0; i < starts.Length; i++)
        {
            starts[i] = length;
            length = checked(length + (parameters.DenseList[i].Shape.Length + 15 & ~15));
        }
        return starts;
    }

    public bool Touched(int parameter) => _touched[parameter];

    public Span<float> Dense(int start, int length) => _dense.Slice(start, length);

    public FloatBlock Dense(Parameter parameter, out bool fresh)
    {
        fresh = !_touched[parameter.Index];
        _touched[parameter.Index] = true;
        return new FloatBlock { Slab = _dense, Start = _starts[parameter.Index], Length = parameter.Shape.Length };
    }

    public RowGradients Rows(EmbeddingTable table) => _rows[table.Index];

    public FloatBlock Take(int length) => _arena.Take(length);

    public IntBlock TakeInts(int length) => _arena.TakeInts(length);

    public void Reset()
    {
        Array.Clear(_touched);
        foreach (var rows in _rows) rows.Clear();
        _arena.Rewind();
    }
}

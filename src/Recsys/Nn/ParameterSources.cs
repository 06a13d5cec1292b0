using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>Where the first values of parameters come from.</summary>
internal interface IParameterSource
{
    /// <summary>Throws if it surely has no such values; called before anything is allocated.</summary>
    void Expect(string name, Shape shape)
    {
    }

    /// <summary>Gives the values of a parameter or a table.</summary>
    void Fill(string name, Shape shape, bool isTable, Initializer initializer, Span<float> values);

    /// <summary>A table that is to be kept in fewer bits; null for one in single precision.</summary>
    PackedRows? Packed(string name, int rows, int dimension);
}

/// <summary>Values drawn at random: a stream for each name, so that a value depends on the seed and its parameter alone.</summary>
internal sealed class DrawnParameters(ulong seed) : IParameterSource
{
    private const int Piece = 1 << 16;

    public void Fill(string name, Shape shape, bool isTable, Initializer initializer, Span<float> values)
    {
        var fanOut = shape.Rank > 1 ? shape.Columns : 1;
        var fanIn = Math.Max(1, shape.Length / Math.Max(1, fanOut));
        var body = new DrawBody { Initializer = initializer, Rng = new Rng(seed, StableHash.Of(name)), FanIn = fanIn, FanOut = fanOut, Values = values };
        Shards.Run((values.Length + Piece - 1) / Piece, Environment.ProcessorCount, body);
    }

    public PackedRows? Packed(string name, int rows, int dimension) => null;

    private ref struct DrawBody : IShardBody
    {
        public Initializer Initializer;
        public Rng Rng;
        public int FanIn, FanOut;
        public Span<float> Values;

        public readonly void Run(int shard)
        {
            var start = shard * Piece;
            Initializer.Fill(Rng, (ulong)start, FanIn, FanOut, Values.Slice(start, Math.Min(Piece, Values.Length - start)));
        }
    }
}

/// <summary>Values read from a file.</summary>
internal sealed class ReadParameters(ModelReader reader) : IParameterSource
{
    public void Expect(string name, Shape shape)
    {
        // What a file says of sizes is worth nothing until its data has them.
        if (reader.Has(name + ".half") || reader.Has(name + ".int8")) return;
        var found = reader.Shape(name);
        var fits = found.Length == shape.Rank;
        for (var axis = 0; fits && axis < found.Length; axis++) fits = found[axis] == shape[axis];
        if (!fits) throw reader.Invalid($"Tensor '{name}' is [{string.Join(", ", found.ToArray())}]; the options make it {shape}.");
    }

    public void Fill(string name, Shape shape, bool isTable, Initializer initializer, Span<float> values)
    {
        Span<long> expected = stackalloc long[shape.Rank];
        for (var axis = 0; axis < shape.Rank; axis++) expected[axis] = shape[axis];
        reader.Tensor<float>(name, expected).CopyTo(values);
    }

    public PackedRows? Packed(string name, int rows, int dimension) => PackedRows.TryRead(reader, name, rows, dimension);
}

/// <summary>Values copied from another network.</summary>
internal sealed class CopiedParameters(ParameterSet from, TablePrecision precision) : IParameterSource
{
    public void Fill(string name, Shape shape, bool isTable, Initializer initializer, Span<float> values)
    {
        if (isTable)
        {
            Table(name, shape[0], shape[1]).Mutable.CopyTo(values);
            return;
        }
        var parameter = from.DenseList.Find(p => p.Name == name) ?? throw Missing(name);
        if (parameter.Shape != shape) throw Differs(name, parameter.Shape, shape);
        parameter.Values.CopyTo(values);
    }

    public PackedRows? Packed(string name, int rows, int dimension)
    {
        var table = Table(name, rows, dimension);
        if (table.Packed is null)
            return precision == TablePrecision.Single ? null : PackedRows.From(table.Mutable, rows, dimension, precision, name);
        return table.Precision == precision
            ? table.Packed
            : throw new ArgumentException($"Table '{name}' is packed as {table.Precision} already; pack the model that was trained.");
    }

    private EmbeddingTable Table(string name, int rows, int dimension)
    {
        var table = from.TableList.Find(t => t.Name == name) ?? throw Missing(name);
        return table.Rows == rows && table.Dimension == dimension
            ? table
            : throw Differs(name, new Shape(table.Rows, table.Dimension), new Shape(rows, dimension));
    }

    private static ArgumentException Missing(string name) => new($"The other network has no parameter '{name}': it is of another kind or shape.");

    private static ArgumentException Differs(string name, Shape theirs, Shape ours)
        => new($"'{name}' is {theirs} in the other network and {ours} in this one; use the same options and features.");
}

using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>
/// Where a network's constructor gets its parameters from: drawn by a seed, or read from a file. One constructor serves both, so names in
/// the file equal names in the code. Not thread-safe.
/// </summary>
public sealed class ParameterScope
{
    private readonly ParameterSet _set;
    private readonly string _prefix;
    private readonly Optimizer? _optimizer;
    private readonly ulong _seed;
    private readonly ModelReader? _reader;

    private ParameterScope(ParameterSet set, string prefix, Optimizer? optimizer, ulong seed, ModelReader? reader)
        => (_set, _prefix, _optimizer, _seed, _reader) = (set, prefix, optimizer, seed, reader);

    /// <summary>Parameters drawn at random.</summary>
    public static ParameterScope Initialise(ulong seed) => new(new ParameterSet(), "", null, seed, null);

    /// <summary>Parameters read from a file.</summary>
    public static ParameterScope Load(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new ParameterScope(new ParameterSet(), "", null, 0, reader);
    }

    /// <summary>All parameters made so far in this scope and those around and within it.</summary>
    public ParameterSet Parameters => _set;

    /// <summary>A scope within this one.</summary>
    public ParameterScope Scope(string name) => new(_set, Full(name) + ".", _optimizer, _seed, _reader);

    /// <summary>The same scope, whose parameters are to be trained by that optimizer instead of the trainer's.</summary>
    public ParameterScope TrainedBy(Optimizer optimizer) => new(_set, _prefix, Guard.NotNull(optimizer), _seed, _reader);

    /// <summary>A parameter.</summary>
    /// <param name="name">Unique in the scope.</param>
    /// <param name="initializer">Its first values; not used when they are read.</param>
    /// <param name="sizes">Its axes; of a matrix [in, out].</param>
    /// <exception cref="InvalidDataException">The file has no such parameter, or one of another shape.</exception>
    public Parameter Parameter(string name, Initializer initializer, params ReadOnlySpan<int> sizes)
        => Make(name, initializer, false, sizes);

    /// <summary>A statistic of the batches: kept and saved, not learned.</summary>
    /// <inheritdoc cref="Parameter(string, Initializer, ReadOnlySpan{int})"/>
    public Parameter Statistic(string name, Initializer initializer, params ReadOnlySpan<int> sizes)
        => Make(name, initializer, true, sizes);

    /// <summary>A table of rows.</summary>
    /// <param name="name">Unique in the scope.</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="dimension">Length of a row, at least 1.</param>
    /// <param name="initializer">Its first values; not used when they are read. A row counts as the weights of one input.</param>
    /// <exception cref="InvalidDataException">The file has no such table, or one of another shape.</exception>
    public EmbeddingTable Table(string name, int rows, int dimension, Initializer initializer)
    {
        Guard.AtLeast(1, rows, nameof(rows));
        Guard.AtLeast(1, dimension, nameof(dimension));
        if ((long)rows * dimension > int.MaxValue)
            throw new ArgumentException($"Table '{Full(name)}' of {rows} × {dimension} has more than {int.MaxValue} numbers; hash into fewer rows.", nameof(rows));
        var index = _set.Tables.Count;
        EmbeddingTable table;
        if (_reader is not null && PackedRows.TryRead(_reader, Full(name), rows, dimension) is { } packed)
        {
            table = new EmbeddingTable(Full(name), index, packed);
        }
        else
        {
            table = new EmbeddingTable(Full(name), rows, dimension, index, _optimizer);
            if (_reader is not null) _reader.Tensor<float>(Full(name), rows, dimension).CopyTo(table.Mutable);
            else initializer.Fill(RngOf(name), rows, dimension, table.Mutable);
        }
        _set.Add(table);
        return table;
    }

    private Parameter Make(string name, Initializer initializer, bool statistic, ReadOnlySpan<int> sizes)
    {
        var shape = new Shape(sizes);
        var parameter = new Parameter(Full(name), shape, _set.Dense.Count, statistic, _optimizer);
        if (_reader is not null)
        {
            Span<long> expected = stackalloc long[sizes.Length];
            for (var i = 0; i < sizes.Length; i++) expected[i] = sizes[i];
            _reader.Tensor<float>(Full(name), expected).CopyTo(parameter.Mutable);
        }
        else
        {
            var fanOut = shape.Rank > 1 ? shape.Columns : 1;
            initializer.Fill(RngOf(name), Math.Max(1, shape.Length / Math.Max(1, fanOut)), fanOut, parameter.Mutable);
        }
        _set.Add(parameter);
        return parameter;
    }

    private Rng RngOf(string name)
    {
        // FNV-1a over the name: a stream for each parameter, whatever else there is.
        var hash = 14695981039346656037;
        foreach (var c in Full(name)) hash = (hash ^ c) * 1099511628211;
        return new Rng(_seed, hash);
    }

    private string Full(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _prefix + name;
    }
}

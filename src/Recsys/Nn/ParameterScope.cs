using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>
/// Where a network's constructor gets its parameters from: drawn by a seed, read from a file, or copied from another network. One
/// constructor serves all, so names in the file equal names in the code. Not thread-safe.
/// </summary>
public sealed class ParameterScope
{
    private readonly ParameterSet _set;
    private readonly string _prefix;
    private readonly Optimizer? _optimizer;
    private readonly IParameterSource _source;

    private ParameterScope(ParameterSet set, string prefix, Optimizer? optimizer, IParameterSource source)
        => (_set, _prefix, _optimizer, _source) = (set, prefix, optimizer, source);

    /// <summary>Parameters drawn at random.</summary>
    public static ParameterScope Initialise(ulong seed) => new(new ParameterSet(), "", null, new DrawnParameters(seed));

    /// <summary>Parameters read from a file.</summary>
    public static ParameterScope Load(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new ParameterScope(new ParameterSet(), "", null, new ReadParameters(reader));
    }

    /// <summary>Parameters copied by name from a network of the same shape.</summary>
    /// <param name="from">Its parameters.</param>
    /// <param name="precision">Of the tables.</param>
    /// <exception cref="ArgumentException">The other network has no such parameter, or one of another shape; or its tables are packed already,
    /// in another precision.</exception>
    public static ParameterScope CopyOf(ParameterSet from, TablePrecision precision = TablePrecision.Single)
    {
        ArgumentNullException.ThrowIfNull(from);
        return new ParameterScope(new ParameterSet(), "", null, new CopiedParameters(from, precision));
    }

    /// <summary>All parameters made so far in this scope and those around and within it.</summary>
    public ParameterSet Parameters => _set;

    /// <summary>Whether parameters are read or copied, not drawn.</summary>
    internal bool Reads => _source is not DrawnParameters;

    /// <summary>A scope within this one.</summary>
    public ParameterScope Scope(string name) => new(_set, Full(name) + ".", _optimizer, _source);

    /// <summary>The same scope, whose parameters are to be trained by that optimizer instead of the trainer's.</summary>
    public ParameterScope TrainedBy(Optimizer optimizer) => new(_set, _prefix, Guard.NotNull(optimizer), _source);

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
            throw new ArgumentException(
                $"Table '{Full(name)}' of {rows} × {dimension} has more than {int.MaxValue} numbers; hash into fewer rows.", nameof(rows));
        var index = _set.Tables.Count;
        _source.Expect(Full(name), new Shape(rows, dimension));
        var table = _source.Packed(Full(name), rows, dimension) is { } packed
            ? new EmbeddingTable(Full(name), index, packed)
            : new EmbeddingTable(Full(name), rows, dimension, index, _optimizer);
        if (table.Packed is null) _source.Fill(Full(name), new Shape(rows, dimension), true, initializer, table.Mutable);
        _set.Add(table);
        return table;
    }

    private Parameter Make(string name, Initializer initializer, bool statistic, ReadOnlySpan<int> sizes)
    {
        var shape = new Shape(sizes);
        _source.Expect(Full(name), shape);
        var parameter = new Parameter(Full(name), shape, _set.Dense.Count, statistic, _optimizer);
        _source.Fill(Full(name), shape, false, initializer, parameter.Mutable);
        _set.Add(parameter);
        return parameter;
    }

    private string Full(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _prefix + name;
    }
}

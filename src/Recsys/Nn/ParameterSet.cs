using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>All parameters and tables of a network, in the order in which its constructor made them.</summary>
public sealed class ParameterSet
{
    private readonly List<Parameter> _dense = [];
    private readonly List<EmbeddingTable> _tables = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    internal ParameterSet()
    {
    }

    /// <summary>The dense parameters and statistics.</summary>
    public IReadOnlyList<Parameter> Dense => _dense;

    /// <summary>The embedding tables.</summary>
    public IReadOnlyList<EmbeddingTable> Tables => _tables;

    /// <summary>How many numbers are learned.</summary>
    public long Count
    {
        get
        {
            var count = 0L;
            foreach (var parameter in _dense)
                if (!parameter.IsStatistic) count += parameter.Shape.Length;
            foreach (var table in _tables) count += (long)table.Rows * table.Dimension;
            return count;
        }
    }

    internal List<Parameter> DenseList => _dense;

    internal List<EmbeddingTable> TableList => _tables;

    internal void Add(Parameter parameter)
    {
        Claim(parameter.Name);
        _dense.Add(parameter);
    }

    internal void Add(EmbeddingTable table)
    {
        Claim(table.Name);
        _tables.Add(table);
    }

    /// <summary>Writes all values under their names.</summary>
    internal void Write(ModelWriter writer)
    {
        foreach (var parameter in _dense)
        {
            var shape = new long[parameter.Shape.Rank];
            for (var axis = 0; axis < shape.Length; axis++) shape[axis] = parameter.Shape[axis];
            writer.Tensor<float>(parameter.Name, parameter.Memory, shape);
        }
        foreach (var table in _tables)
        {
            if (table.Packed is { } packed) packed.Write(writer, table.Name);
            else writer.Tensor<float>(table.Name, table.Memory, table.Rows, table.Dimension);
        }
    }

    private void Claim(string name)
    {
        if (!_names.Add(name)) throw new ArgumentException($"There are two parameters named '{name}'; a name is used once.", nameof(name));
    }
}

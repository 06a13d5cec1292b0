using Recsys.Persistence;

namespace Recsys.Features;

/// <summary>
/// The encoded features of all users, of all items, or of a set of contexts. Row r belongs to dense id r; the extra row <see cref="Count"/>
/// holds what an unknown entity has: every code 0, every number its missing value, every list empty. Ids outside 0..Count-1 read it.
/// Immutable and safe for any number of threads.
/// </summary>
public sealed class FeatureTable
{
    private readonly FittedSchema _schema;

    // Row-major: the codes of one entity share a cache line, so a batch of random entities misses once for each, not once for each feature.
    internal FeatureTable(FittedSchema schema, Side side, int count, int[] codes, float[] numbers, int[][] offsets, int[][] lists)
    {
        _schema = schema;
        Side = side;
        Count = count;
        Codes = codes;
        Numbers = numbers;
        Offsets = offsets;
        Lists = lists;
        CodeColumns = schema.Features.Count(f => f.Side == side && f.Shape == FeatureShape.Code);
        NumberColumns = schema.Features.Count(f => f.Side == side && f.Shape == FeatureShape.Number);
    }

    /// <summary>Whom it describes.</summary>
    public Side Side { get; }

    /// <summary>Number of entities; the extra row for unknown ones not counted.</summary>
    public int Count { get; }

    internal int CodeColumns { get; }

    internal int NumberColumns { get; }

    /// <summary>(Count + 1) × CodeColumns.</summary>
    internal int[] Codes { get; }

    /// <summary>(Count + 1) × 2 NumberColumns: each scaled value with 1 beside it where it was missing.</summary>
    internal float[] Numbers { get; }

    /// <summary>For each list column, Count + 2 offsets.</summary>
    internal int[][] Offsets { get; }

    internal int[][] Lists { get; }

    /// <summary>The row that an id reads.</summary>
    internal int RowOf(int id) => (uint)id < (uint)Count ? id : Count;

    /// <summary>One entity's code of a feature with one code.</summary>
    /// <exception cref="ArgumentException">The feature is not a coded one of this side.</exception>
    public int Code(string feature, int id) => Codes[RowOf(id) * CodeColumns + Column(feature, FeatureShape.Code)];

    /// <summary>One entity's codes of a feature with several.</summary>
    /// <exception cref="ArgumentException">The feature is not a multi-valued one of this side.</exception>
    public ReadOnlySpan<int> ListOf(string feature, int id)
    {
        var column = Column(feature, FeatureShape.Codes);
        var row = RowOf(id);
        return Lists[column].AsSpan(Offsets[column][row]..Offsets[column][row + 1]);
    }

    /// <summary>One entity's scaled number.</summary>
    /// <exception cref="ArgumentException">The feature is not a number of this side.</exception>
    public float Number(string feature, int id) => Numbers[(RowOf(id) * NumberColumns + Column(feature, FeatureShape.Number)) * 2];

    internal void Write(ModelWriter writer)
    {
        writer.Integer("count", Count);
        writer.Tensor("codes", Codes, Count + 1, CodeColumns);
        writer.Tensor("numbers", Numbers, Count + 1, NumberColumns, 2);
        for (var i = 0; i < Lists.Length; i++)
        {
            writer.Tensor($"offsets{i}", Offsets[i], Count + 2);
            writer.Tensor($"lists{i}", Lists[i], Lists[i].Length);
        }
    }

    internal static FeatureTable Read(ModelReader reader, FittedSchema schema, Side side)
    {
        var count = reader.Int32("count", 0, int.MaxValue - 2);
        var coded = schema.Features.Where(f => f.Side == side && f.Shape == FeatureShape.Code).ToArray();
        var listed = schema.Features.Where(f => f.Side == side && f.Shape == FeatureShape.Codes).ToArray();
        var numbers = schema.Features.Count(f => f.Side == side && f.Shape == FeatureShape.Number);
        var codes = reader.Tensor<int>("codes", count + 1, coded.Length);
        for (var i = 0; i < codes.Length; i++)
            if ((uint)codes[i] >= (uint)coded[i % coded.Length].Cardinality)
                throw reader.Invalid($"'codes': row {i / coded.Length} has code {codes[i]} for feature '{coded[i % coded.Length].Name}', "
                    + $"which has {coded[i % coded.Length].Cardinality}.");
        var offsets = new int[listed.Length][];
        var lists = new int[listed.Length][];
        for (var i = 0; i < listed.Length; i++)
        {
            lists[i] = reader.Tensor<int>($"lists{i}", -1);
            offsets[i] = reader.Offsets<int>($"offsets{i}", count + 1, lists[i].Length);
            foreach (var code in lists[i])
                if ((uint)code >= (uint)listed[i].Cardinality)
                    throw reader.Invalid($"'lists{i}' has code {code} for feature '{listed[i].Name}', which has {listed[i].Cardinality}.");
        }
        return new FeatureTable(schema, side, count, codes, reader.Tensor<float>("numbers", count + 1, numbers, 2), offsets, lists);
    }

    private int Column(string name, FeatureShape shape)
    {
        var feature = _schema[name];
        return feature.Side == Side && feature.Shape == shape
            ? feature.TableColumn
            : throw new ArgumentException(
                $"Feature '{name}' is a {feature.Kind} of side {feature.Side}, not a {shape} of side {Side}.", nameof(name));
    }
}

using System.Collections.ObjectModel;
using Recsys.Numerics;

namespace Recsys.Features;

/// <summary>What the values of one multi-valued feature (or sequence) weigh in a sparse row.</summary>
public enum ListWeight
{
    /// <summary>1 each.</summary>
    One,

    /// <summary>1 / n each, for n values.</summary>
    Mean,
}

/// <summary>How features become the columns of a sparse row.</summary>
public sealed record SparseLayoutOptions
{
    /// <summary>The features to take, in this order; null (the default) takes all inputs in the order of the schema.</summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>What the values of a multi-valued feature weigh; <see cref="ListWeight.Mean"/> by default.</summary>
    public ListWeight ListWeight { get; init => field = Guard.Defined(value); } = ListWeight.Mean;

    /// <summary>Whether code 0 (missing, unknown) has a column; true by default. Without, such a value adds nothing to the row.</summary>
    public bool UnknownColumns { get; init; } = true;

    /// <summary>
    /// Whether a missing number adds nothing but its indicator to the row; false by default: its stand-in is a value like any other.
    /// </summary>
    public bool OmitMissingNumbers { get; init; }
}

/// <summary>
/// Maps (feature, code) to columns of one long sparse vector, as linear models and factorisation machines see an example: a code is a
/// column with value 1 (or 1/n in a list), a number one column with its value, an indicator one more. Each feature is a field with columns
/// of its own, shared tables or not. Immutable and safe for any number of threads.
/// </summary>
public sealed class SparseLayout
{
    private readonly FittedFeature[] _fields;
    private readonly int[] _offsets;
    private readonly int _skip;
    private readonly bool _mean;
    private readonly bool _omitMissing;

    /// <summary>The layout of a schema.</summary>
    /// <exception cref="ArgumentException">
    /// A named feature is unknown, named twice, or no input; or there are more than 2³¹ − 1 columns.
    /// </exception>
    public SparseLayout(FittedSchema schema, SparseLayoutOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        options ??= new SparseLayoutOptions();
        Schema = schema;
        _fields = LayoutFields.Choose(schema, options.Features);
        _skip = options.UnknownColumns ? 0 : 1;
        _mean = options.ListWeight == ListWeight.Mean;
        _omitMissing = options.OmitMissingNumbers;
        _offsets = new int[_fields.Length + 1];
        for (var field = 0; field < _fields.Length; field++)
        {
            var numbers = _fields[field].IndicatorSlot < 0 ? 1 : 2;
            var width = _fields[field].Shape == FeatureShape.Number ? numbers : _fields[field].Cardinality - _skip;
            var end = _offsets[field] + (long)width;
            if (end > int.MaxValue)
                throw new ArgumentException(
                    $"Feature '{_fields[field].Name}' takes the layout past {int.MaxValue} columns; hash it into fewer.", nameof(schema));
            _offsets[field + 1] = (int)end;
        }
        Fields = Array.AsReadOnly(_fields);
    }

    /// <summary>The schema that it lays out.</summary>
    public FittedSchema Schema { get; }

    /// <summary>The features, by field.</summary>
    public ReadOnlyCollection<FittedFeature> Fields { get; }

    /// <summary>Number of columns.</summary>
    public int ColumnCount => _offsets[^1];

    /// <summary>The first column of a field; field <c>Fields.Count</c> gives <see cref="ColumnCount"/>.</summary>
    public int FirstColumn(int field) => _offsets[field];

    /// <summary>The field of a column.</summary>
    public int FieldOf(int column)
    {
        if ((uint)column >= (uint)ColumnCount)
            throw new ArgumentOutOfRangeException(nameof(column), column, $"The layout has {ColumnCount} columns.");
        var at = Array.BinarySearch(_offsets, column);
        // Fields without columns share their offset with the next; the last of equals owns it.
        var field = at < 0 ? ~at - 1 : at;
        while (_offsets[field + 1] == _offsets[field]) field++;
        return field;
    }

    /// <summary>The code of a column within its field; for a number 0 is the value, 1 the indicator.</summary>
    public int CodeOf(int column)
    {
        var field = FieldOf(column);
        return column - _offsets[field] + (_fields[field].Shape == FeatureShape.Number ? 0 : _skip);
    }

    /// <summary>A readable name of a column: "genres=Comedy", "price", "age=[18, 25)".</summary>
    /// <param name="set">The set whose schema this lays out.</param>
    /// <param name="column">0..<see cref="ColumnCount"/>-1.</param>
    public string NameOf(FeatureSet set, int column)
    {
        ArgumentNullException.ThrowIfNull(set);
        Schema.EnsureCompatible(set.Schema);
        var field = FieldOf(column);
        var feature = _fields[field];
        var code = CodeOf(column);
        if (feature.Shape == FeatureShape.Number) return code == 0 ? feature.Name : $"{feature.Name}=(missing)";
        if (feature.Shape == FeatureShape.Sequence) return $"{feature.Name}=#{code}";
        return $"{feature.Name}={(code == 0 ? "(unknown)" : set.NameOf(feature.Name, code) ?? $"#{code}")}";
    }

    /// <summary>
    /// Writes the examples of a batch as sparse rows, the cells of a field together, in the order of its values. Allocates nothing after
    /// warm-up.
    /// </summary>
    /// <exception cref="SchemaMismatchException">The batch has another schema.</exception>
    public void Fill(ExampleBatch batch, SparseRows rows)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(rows);
        Schema.EnsureCompatible(batch.Schema);
        rows.Begin(batch.Count);
        for (var example = 0; example < batch.Count; example++)
        {
            for (var field = 0; field < _fields.Length; field++)
            {
                var feature = _fields[field];
                switch (feature.Shape)
                {
                    case FeatureShape.Code:
                        var code = batch.CodeColumns[feature.Slot][example];
                        if (code >= _skip) rows.Add(_offsets[field] + code - _skip, 1, field);
                        break;
                    case FeatureShape.Codes:
                        var list = batch.CodesColumns[feature.Slot];
                        AddAll(rows, list.Values.AsSpan(list.Offsets[example]..list.Offsets[example + 1]), field);
                        break;
                    case FeatureShape.Sequence:
                        var events = batch.SequenceColumns[feature.Slot];
                        AddAll(rows, events.Codes[0].AsSpan(events.Offsets[example]..events.Offsets[example + 1]), field);
                        break;
                    default:
                        var missing = feature.IndicatorSlot >= 0 && batch.NumberColumns[feature.IndicatorSlot][example] != 0;
                        if (!(missing && _omitMissing)) rows.Add(_offsets[field], batch.NumberColumns[feature.Slot][example], field);
                        if (missing) rows.Add(_offsets[field] + 1, 1, field);
                        break;
                }
            }
            rows.EndRow(example);
        }
    }

    /// <summary>All examples as one sparse matrix (examples × columns), with cells of value 0 left out.</summary>
    public SparseMatrix ToMatrix(FeatureSet set, Examples examples)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(examples);
        const int Block = 4096;
        var batch = set.CreateBatch(Math.Max(1, Math.Min(Block, examples.Count)));
        var rows = new SparseRows();
        var offsets = new long[examples.Count + 1];
        var columns = new List<int>();
        var values = new List<float>();
        int[] rowColumns = [];
        float[] rowValues = [];
        for (var start = 0; start < examples.Count; start += Block)
        {
            set.Assemble(examples, start, Math.Min(Block, examples.Count - start), batch);
            Fill(batch, rows);
            for (var row = 0; row < rows.RowCount; row++)
            {
                var (from, to) = (rows.Offsets[row], rows.Offsets[row + 1]);
                if (rowColumns.Length < to - from) (rowColumns, rowValues) = (new int[2 * (to - from)], new float[2 * (to - from)]);
                rows.Columns[from..to].CopyTo(rowColumns);
                rows.Values[from..to].CopyTo(rowValues);
                Array.Sort(rowColumns, rowValues, 0, to - from);
                for (var i = 0; i < to - from; i++)
                {
                    if (rowValues[i] == 0) continue;
                    // A sequence may hold an item twice: its cells add up.
                    if (columns.Count > offsets[start + row] && columns[^1] == rowColumns[i])
                    {
                        values[^1] += rowValues[i];
                        continue;
                    }
                    columns.Add(rowColumns[i]);
                    values.Add(rowValues[i]);
                }
                offsets[start + row + 1] = columns.Count;
            }
        }
        return new SparseMatrix(examples.Count, ColumnCount, offsets, [.. columns], [.. values]);
    }

    private void AddAll(SparseRows rows, ReadOnlySpan<int> codes, int field)
    {
        var weight = _mean && codes.Length > 0 ? 1f / codes.Length : 1;
        foreach (var code in codes)
            if (code >= _skip) rows.Add(_offsets[field] + code - _skip, weight, field);
    }
}

/// <summary>Sparse rows filled by <see cref="SparseLayout.Fill"/>, reused: spans are good until the next fill.</summary>
public sealed class SparseRows
{
    private int[] _offsets = [0];
    private int[] _columns = [];
    private float[] _values = [];
    private int[] _fields = [];
    private int _length;

    /// <summary>Number of rows.</summary>
    public int RowCount { get; private set; }

    /// <summary>Row i owns the cells Offsets[i]..Offsets[i + 1]-1. Length RowCount + 1.</summary>
    public ReadOnlySpan<int> Offsets => _offsets.AsSpan(0, RowCount + 1);

    /// <summary>The column of each cell.</summary>
    public ReadOnlySpan<int> Columns => _columns.AsSpan(0, _length);

    /// <summary>The value of each cell.</summary>
    public ReadOnlySpan<float> Values => _values.AsSpan(0, _length);

    /// <summary>The field of each cell, for field-aware models.</summary>
    public ReadOnlySpan<int> Fields => _fields.AsSpan(0, _length);

    internal void Begin(int rows)
    {
        if (_offsets.Length < rows + 1) _offsets = new int[rows + 1];
        RowCount = rows;
        _length = 0;
    }

    internal void Add(int column, float value, int field)
    {
        if (_length == _columns.Length) Grow();
        _columns[_length] = column;
        _values[_length] = value;
        _fields[_length++] = field;
    }

    internal void EndRow(int row) => _offsets[row + 1] = _length;

    private void Grow()
    {
        var size = Math.Max(64, checked(_length * 2));
        Array.Resize(ref _columns, size);
        Array.Resize(ref _values, size);
        Array.Resize(ref _fields, size);
    }
}

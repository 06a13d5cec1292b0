using System.Collections.ObjectModel;

namespace Recsys.Features;

/// <summary>How features become the columns of a dense row.</summary>
public sealed record DenseLayoutOptions
{
    /// <summary>
    /// The features to take, in this order; null (the default) takes all inputs but sequences, in the order of the schema.
    /// </summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>
    /// A feature with one code and at most this many gets one column of 0 or 1 for each; one with more gets a single column with the code
    /// itself. 0 (the default): always the code. Features with several codes always get a column for each.
    /// </summary>
    public int OneHotUpTo { get; init => field = Guard.AtLeast(0, value); }

    /// <summary>Whether code 0 (missing, unknown) has a column of its own; true by default. Concerns only columns of 0 or 1.</summary>
    public bool UnknownColumns { get; init; } = true;

    /// <summary>Whether a missing number is NaN, as trees take it; false by default. Only for numbers declared with an indicator.</summary>
    public bool MissingAsNaN { get; init; }
}

/// <summary>
/// Maps features to the columns of a dense row of floats, as trees and plain networks see an example: a number is its value, a code the
/// code itself or columns of 0 and 1, a list a column for each code. Immutable and safe for any number of threads.
/// </summary>
public sealed class DenseLayout
{
    // Above 2²⁴ neighbouring codes fall together in a float.
    private const int MaxCode = 1 << 24;
    private readonly FittedFeature[] _fields;
    private readonly int[] _offsets;
    private readonly bool[] _spread;
    private readonly int _skip;
    private readonly bool _missingAsNaN;

    /// <summary>The layout of a schema.</summary>
    /// <exception cref="ArgumentException">
    /// A named feature is unknown, named twice or a sequence; or its codes do not fit a float.
    /// </exception>
    public DenseLayout(FittedSchema schema, DenseLayoutOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        options ??= new DenseLayoutOptions();
        Schema = schema;
        _fields = LayoutFields.Choose(schema, options.Features);
        if (options.Features is null) _fields = Array.FindAll(_fields, f => f.Shape != FeatureShape.Sequence);
        _skip = options.UnknownColumns ? 0 : 1;
        _missingAsNaN = options.MissingAsNaN;
        _spread = Array.ConvertAll(_fields,
            f => f.Shape == FeatureShape.Codes || (f.Shape == FeatureShape.Code && f.Cardinality <= options.OneHotUpTo));
        _offsets = new int[_fields.Length + 1];
        for (var field = 0; field < _fields.Length; field++)
        {
            var feature = _fields[field];
            if (feature.Shape == FeatureShape.Sequence)
                throw new ArgumentException($"Feature '{feature.Name}' is a sequence; it has no dense columns.", nameof(options));
            if (!_spread[field] && feature.Cardinality > MaxCode)
                throw new ArgumentException(
                    $"Feature '{feature.Name}' has {feature.Cardinality} codes, more than a float tells apart; leave it out.",
                    nameof(options));
            _offsets[field + 1] = checked(_offsets[field] + (_spread[field] ? feature.Cardinality - _skip : 1));
        }
        Fields = Array.AsReadOnly(_fields);
    }

    /// <summary>The schema that it lays out.</summary>
    public FittedSchema Schema { get; }

    /// <summary>The features, in the order of their columns.</summary>
    public ReadOnlyCollection<FittedFeature> Fields { get; }

    /// <summary>Number of columns.</summary>
    public int ColumnCount => _offsets[^1];

    /// <summary>The first column of a field; field <c>Fields.Count</c> gives <see cref="ColumnCount"/>.</summary>
    public int FirstColumn(int field) => _offsets[field];

    /// <summary>Whether a field's single column holds codes, whose order means nothing (a tree may split it by sets).</summary>
    public bool HoldsCodes(int field) => !_spread[field] && _fields[field].Shape == FeatureShape.Code;

    /// <summary>A readable name of a column: "age", "gender=F", "zip (code)".</summary>
    /// <param name="set">The set whose schema this lays out.</param>
    /// <param name="column">0..<see cref="ColumnCount"/>-1.</param>
    public string NameOf(FeatureSet set, int column)
    {
        ArgumentNullException.ThrowIfNull(set);
        Schema.EnsureCompatible(set.Schema);
        if ((uint)column >= (uint)ColumnCount)
            throw new ArgumentOutOfRangeException(nameof(column), column, $"The layout has {ColumnCount} columns.");
        var field = 0;
        while (_offsets[field + 1] <= column) field++;
        var feature = _fields[field];
        if (!_spread[field]) return HoldsCodes(field) ? $"{feature.Name} (code)" : feature.Name;
        var code = column - _offsets[field] + _skip;
        return $"{feature.Name}={(code == 0 ? "(unknown)" : set.NameOf(feature.Name, code) ?? $"#{code}")}";
    }

    /// <summary>Writes the examples of a batch as dense rows, row-major. Allocates nothing.</summary>
    /// <param name="batch">The examples.</param>
    /// <param name="rows">At least Count × <see cref="ColumnCount"/> long.</param>
    /// <exception cref="SchemaMismatchException">The batch has another schema.</exception>
    public void Fill(ExampleBatch batch, Span<float> rows)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Schema.EnsureCompatible(batch.Schema);
        var width = ColumnCount;
        if (rows.Length < (long)batch.Count * width)
            throw new ArgumentException(
                $"{batch.Count} examples × {width} columns need {(long)batch.Count * width} floats, {rows.Length} were given.",
                nameof(rows));
        rows[..(batch.Count * width)].Clear();
        for (var field = 0; field < _fields.Length; field++)
        {
            var feature = _fields[field];
            var column = _offsets[field];
            if (feature.Shape == FeatureShape.Number)
            {
                var numbers = batch.NumberColumns[feature.Slot];
                var missing = _missingAsNaN && feature.IndicatorSlot >= 0 ? batch.NumberColumns[feature.IndicatorSlot] : null;
                for (var i = 0; i < batch.Count; i++)
                    rows[i * width + column] = missing is not null && missing[i] != 0 ? float.NaN : numbers[i];
            }
            else if (feature.Shape == FeatureShape.Code)
            {
                var codes = batch.CodeColumns[feature.Slot];
                for (var i = 0; i < batch.Count; i++)
                    if (!_spread[field]) rows[i * width + column] = codes[i];
                    else if (codes[i] >= _skip) rows[i * width + column + codes[i] - _skip] = 1;
            }
            else
            {
                var list = batch.CodesColumns[feature.Slot];
                for (var i = 0; i < batch.Count; i++)
                    foreach (var code in list.Values.AsSpan(list.Offsets[i]..list.Offsets[i + 1]))
                        if (code >= _skip) rows[i * width + column + code - _skip] = 1;
            }
        }
    }
}

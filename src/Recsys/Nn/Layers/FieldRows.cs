using Recsys.Features;

namespace Recsys.Nn;

/// <summary>
/// Which vectors the fields of an example pick: a code its row of a table, several codes the mean of their rows, a sequence the mean over its
/// events, a number its value times a vector (its missing indicator another). A cell without codes picks nothing: its vector is zero.
/// </summary>
internal sealed class FieldRows
{
    private readonly FittedFeature[] _fields;
    private readonly int[] _first;
    private readonly bool _scaled;
    private readonly List<(int Field, bool Missing)> _numbers = [];

    /// <param name="schema">Of the batches.</param>
    /// <param name="fields">The features, by field.</param>
    /// <param name="shared">Whether features that name one table share its rows.</param>
    public FieldRows(FittedSchema schema, FittedFeature[] fields, bool shared)
    {
        (Schema, _fields) = (schema, fields);
        _first = new int[fields.Length];
        var tables = new Dictionary<string, int>(StringComparer.Ordinal);
        var rows = 0L;
        for (var f = 0; f < fields.Length; f++)
        {
            var field = fields[f];
            if (field.Shape == FeatureShape.Number)
            {
                _numbers.Add((f, false));
                if (field.IndicatorSlot >= 0) _numbers.Add((f, true));
                continue;
            }
            _scaled |= field.Shape != FeatureShape.Code;
            if (shared && tables.TryGetValue(field.Table, out _first[f])) continue;
            _first[f] = tables[field.Table] = (int)rows;
            rows += field.Cardinality;
            if (rows > int.MaxValue)
                throw new ArgumentException(
                    $"Feature '{field.Name}' takes the table past {int.MaxValue} rows; hash it into fewer.", nameof(fields));
        }
        RowCount = Math.Max(1, (int)rows);
    }

    public FittedSchema Schema { get; }

    /// <summary>Rows of the table, at least 1.</summary>
    public int RowCount { get; }

    /// <summary>Vectors for numbers and their missing indicators.</summary>
    public int NumberCount => _numbers.Count;

    public int FieldCount => _fields.Length;

    /// <summary>Whether a field tells of the item alone.</summary>
    public bool IsOfItem(int field) => IsOfItem(_fields[field]);

    /// <summary>The vector of each field. [B, fields, d]</summary>
    public Tensor Of(Tape tape, ExampleBatch batch, EmbeddingTable table, Parameter? numbers, FieldLayout layout)
    {
        Schema.EnsureCompatible(batch.Schema);
        return Of(tape, batch, table, numbers, layout, layout.Codes, batch.Count, summed: false);
    }

    /// <summary>The sum of the vectors of all fields; what the candidates of a request share is summed once. [B, d]</summary>
    public Tensor Sum(Tape tape, ExampleBatch batch, EmbeddingTable table, Parameter? numbers, FieldLayout layout)
    {
        Schema.EnsureCompatible(batch.Schema);
        var (kept, part, rows) = KeptItems.For(tape, batch, layout);
        var request = rows > 1 && IsRequest(tape, batch, part);
        var sum = Of(tape, batch, table, numbers, part, request ? part.Owned : part.Codes, rows, summed: true);
        if (request) sum += Of(tape, batch, table, null, part, part.Shared, 1, summed: true).Reshape(-1);
        return kept is null ? sum : kept.Add(sum, table, batch, relu: false);
    }

    // The numbers of the layout are among them if there are numbers.
    private Tensor Of(Tape tape, ExampleBatch batch, EmbeddingTable table, Parameter? numbers, FieldLayout layout, FieldPart part, int rows,
        bool summed)
    {
        var (weights, values) = numbers is null ? (null, null) : Numbers(tape, batch, numbers, layout, rows);
        var count = 0;
        foreach (var f in part.Fields) count += Count(batch, _fields[f], rows);
        var step = summed ? 1 : _fields.Length;
        var shape = summed ? new Shape(rows, table.Dimension) : new Shape(rows, _fields.Length, table.Dimension);
        var result = Lookup.Begin(tape, table, shape, count, _scaled, weights, values, out var picks);
        var k = 0;
        foreach (var f in part.Fields) k = Fill(batch, f, rows, step, summed ? 0 : f, picks, k);
        for (var n = 0; n < picks.NumberSlots.Length; n++) picks.NumberSlots[n] = summed ? 0 : layout.NumberSlots[n];
        Lookup.Finish(result, picks, step);
        return result;
    }

    private static bool IsRequest(Tape tape, ExampleBatch batch, FieldLayout layout)
        => batch.SameUser && !tape.Records && batch.Count > 1 && layout.Shared.Fields.Length > 0;

    /// <summary>The vectors of the fields in parts, for the ops that know them.</summary>
    public FieldVectors Parts(Tape tape, ExampleBatch batch, EmbeddingTable table, Parameter? numbers, FieldLayout layout)
    {
        Schema.EnsureCompatible(batch.Schema);
        var (kept, part, rows) = KeptItems.For(tape, batch, layout);
        var request = rows > 1 && IsRequest(tape, batch, part);
        var (vectors, values) = numbers is null ? (null, null) : Numbers(tape, batch, numbers, part, rows);
        return new FieldVectors
        {
            Layout = part,
            Codes = Codes(tape, batch, table, request ? part.Owned : part.Codes, rows),
            Shared = request ? Codes(tape, batch, table, part.Shared, 1) : null,
            Values = values,
            Vectors = vectors,
            Kept = kept,
            Table = table,
            Batch = batch,
        };
    }

    /// <summary>How the parts lie.</summary>
    public FieldLayout Layout(int dimension)
    {
        var codes = Enumerable.Range(0, _fields.Length).Where(f => _fields[f].Shape != FeatureShape.Number).ToArray();
        var layout = new FieldLayout(_fields.Length, codes, [.. codes.Where(f => HangsOnItem(_fields[f]))],
            [.. _numbers.Select(number => number.Field)], dimension);
        return layout.Cut(IsOfItem, number => _fields[_numbers[number].Field].Side);
    }

    // [rows, fields of the part, d]
    private Tensor Codes(Tape tape, ExampleBatch batch, EmbeddingTable table, FieldPart part, int rows)
    {
        var count = 0;
        foreach (var f in part.Fields) count += Count(batch, _fields[f], rows);
        var shape = new Shape(rows, part.Fields.Length, table.Dimension);
        var result = Lookup.Begin(tape, table, shape, count, _scaled, null, null, out var picks, once: !_scaled);
        var k = 0;
        for (var slot = 0; slot < part.Fields.Length; slot++) k = Fill(batch, part.Fields[slot], rows, part.Fields.Length, slot, picks, k);
        Lookup.Finish(result, picks, part.Fields.Length);
        return result;
    }

    private static bool HangsOnItem(FittedFeature feature) => feature.Kind switch
    {
        FeatureKind.Sequence => false,
        FeatureKind.Cross => Array.Exists(feature.PartArray, HangsOnItem),
        _ => feature.Side is Side.Item or Side.Example,
    };

    private static bool IsOfItem(FittedFeature feature) => feature.Kind switch
    {
        FeatureKind.Sequence => false,
        FeatureKind.Cross => Array.TrueForAll(feature.PartArray, IsOfItem),
        _ => feature.Side == Side.Item,
    };

    // The vectors of a layout's numbers [N, d], and their values [N, rows].
    private (Tensor? Vectors, Tensor? Values) Numbers(Tape tape, ExampleBatch batch, Parameter numbers, FieldLayout layout, int rows)
    {
        var count = layout.Numbers.Length;
        if (count == 0) return (null, null);
        var values = tape.Constant(new Shape(count, rows));
        for (var n = 0; n < count; n++)
        {
            var (f, missing) = _numbers[layout.Numbers[n]];
            var column = missing ? batch.Missing(_fields[f].Index) : batch.Number(_fields[f].Index);
            column[..rows].CopyTo(values.Mutable[(n * rows)..]);
        }
        if (count == _numbers.Count) return (tape.Use(numbers), values);
        var vectors = tape.Constant(new Shape(count, layout.Dimension));
        for (var n = 0; n < count; n++)
            numbers.Values.Slice(layout.Numbers[n] * layout.Dimension, layout.Dimension).CopyTo(vectors.Mutable[(n * layout.Dimension)..]);
        return (vectors, values);
    }

    private static int Count(ExampleBatch batch, FittedFeature field, int rows) => field.Shape switch
    {
        FeatureShape.Codes => batch.MultiCategory(field.Index).Offsets[rows],
        FeatureShape.Sequence => batch.Sequence(field.Index).Offsets[rows],
        FeatureShape.Number => 0,
        _ => rows,
    };

    private int Fill(ExampleBatch batch, int f, int rows, int step, int slot, in Lookup.Picks picks, int k)
    {
        var (field, first) = (_fields[f], _first[f]);
        switch (field.Shape)
        {
            case FeatureShape.Code:
                foreach (var code in batch.Category(field.Index)[..rows])
                {
                    picks.Rows[k] = first + code;
                    picks.Slots[k] = slot;
                    if (_scaled) picks.Scales[k] = 1;
                    slot += step;
                    k++;
                }
                return k;
            case FeatureShape.Codes:
                var lists = batch.MultiCategory(field.Index);
                return FillLists(lists.Offsets[..(rows + 1)], lists.Codes, first, step, slot, picks, k);
            default:
                var events = batch.Sequence(field.Index);
                return FillLists(events.Offsets[..(rows + 1)], events.Codes(), first, step, slot, picks, k);
        }
    }

    private static int FillLists(
        ReadOnlySpan<int> offsets, ReadOnlySpan<int> codes, int first, int step, int slot, in Lookup.Picks picks, int k)
    {
        for (var i = 0; i < offsets.Length - 1; i++)
        {
            var list = codes[offsets[i]..offsets[i + 1]];
            foreach (var code in list)
            {
                picks.Rows[k] = first + code;
                picks.Slots[k] = slot;
                picks.Scales[k] = 1f / list.Length;
                k++;
            }
            slot += step;
        }
        return k;
    }
}

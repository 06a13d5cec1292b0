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
    private readonly int _numbers;
    private readonly int[] _all, _owned;   // all fields; without those of codes that candidates of a request share

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
                _first[f] = _numbers;
                _numbers += field.IndicatorSlot < 0 ? 1 : 2;
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
        _all = [.. Enumerable.Range(0, fields.Length)];
        _owned = [.. _all.Where(f => fields[f].Shape == FeatureShape.Number || HangsOnItem(fields[f]))];
    }

    public FittedSchema Schema { get; }

    /// <summary>Rows of the table, at least 1.</summary>
    public int RowCount { get; }

    /// <summary>Vectors for numbers and their missing indicators.</summary>
    public int NumberCount => _numbers;

    public int FieldCount => _fields.Length;

    /// <summary>The vector of each field. [B, fields, d]</summary>
    public Tensor Of(Tape tape, ExampleBatch batch, EmbeddingTable table, Parameter? numbers)
    {
        Schema.EnsureCompatible(batch.Schema);
        var shape = new Shape(batch.Count, _fields.Length, table.Dimension);
        return Of(tape, batch, table, numbers, _all, shape, summed: false);
    }

    /// <summary>The sum of the vectors of all fields; what the candidates of a request share is summed once. [B, d]</summary>
    public Tensor Sum(Tape tape, ExampleBatch batch, EmbeddingTable table, Parameter? numbers, FieldLayout layout)
    {
        Schema.EnsureCompatible(batch.Schema);
        var request = IsRequest(tape, batch, layout);
        var sum = Of(tape, batch, table, numbers, request ? _owned : _all, new Shape(batch.Count, table.Dimension), summed: true);
        if (!request) return sum;
        return sum + Of(tape, batch, table, null, layout.Shared.Fields, new Shape(1, table.Dimension), summed: true).Reshape(-1);
    }

    // Fields of numbers are among them if there are numbers.
    private Tensor Of(
        Tape tape, ExampleBatch batch, EmbeddingTable table, Parameter? numbers, int[] fields, Shape shape, bool summed)
    {
        Tensor? weights = numbers is null ? null : tape.Use(numbers);
        Tensor? values = numbers is null ? null : Numbers(tape, batch);
        var count = 0;
        foreach (var f in fields) count += Count(batch, _fields[f], shape[0]);
        var result = Lookup.Begin(tape, table, shape, count, _scaled, weights, values, out var picks);
        var step = summed ? 1 : fields.Length;
        var k = 0;
        for (var i = 0; i < fields.Length; i++)
        {
            var (f, slot) = (fields[i], summed ? 0 : i);
            if (_fields[f].Shape != FeatureShape.Number)
            {
                k = Fill(batch, f, shape[0], step, slot, picks, k);
                continue;
            }
            picks.NumberSlots[_first[f]] = slot;
            if (_fields[f].IndicatorSlot >= 0) picks.NumberSlots[_first[f] + 1] = slot;
        }
        Lookup.Finish(result, picks, step);
        return result;
    }

    private static bool IsRequest(Tape tape, ExampleBatch batch, FieldLayout layout)
        => batch.SameUser && !tape.Records && batch.Count > 1 && layout.Shared.Fields.Length > 0;

    /// <summary>The vectors of the fields in parts, for the ops that know them.</summary>
    public FieldVectors Parts(Tape tape, ExampleBatch batch, EmbeddingTable table, Parameter? numbers, FieldLayout layout)
    {
        Schema.EnsureCompatible(batch.Schema);
        var request = IsRequest(tape, batch, layout);
        return new FieldVectors
        {
            Layout = layout,
            Codes = Codes(tape, batch, table, request ? layout.Owned : layout.Codes, batch.Count),
            Shared = request ? Codes(tape, batch, table, layout.Shared, 1) : null,
            Values = numbers is null ? null : Numbers(tape, batch),
            Vectors = numbers is null ? null : tape.Use(numbers),
        };
    }

    /// <summary>How the parts lie.</summary>
    public FieldLayout Layout(int dimension)
    {
        var (codes, owned, numbers) = (new List<int>(), new List<int>(), new int[_numbers]);
        for (var f = 0; f < _fields.Length; f++)
        {
            if (_fields[f].Shape == FeatureShape.Number)
            {
                numbers[_first[f]] = f;
                if (_fields[f].IndicatorSlot >= 0) numbers[_first[f] + 1] = f;
                continue;
            }
            codes.Add(f);
            if (HangsOnItem(_fields[f])) owned.Add(f);
        }
        return new FieldLayout(_fields.Length, [.. codes], [.. owned], numbers, dimension);
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

    // [numbers, B]
    private Tensor Numbers(Tape tape, ExampleBatch batch)
    {
        var values = tape.Constant(new Shape(_numbers, batch.Count));
        for (var f = 0; f < _fields.Length; f++)
        {
            if (_fields[f].Shape != FeatureShape.Number) continue;
            var to = values.Mutable[(_first[f] * batch.Count)..];
            batch.Number(_fields[f].Index).CopyTo(to);
            if (_fields[f].IndicatorSlot >= 0) batch.Missing(_fields[f].Index).CopyTo(to[batch.Count..]);
        }
        return values;
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

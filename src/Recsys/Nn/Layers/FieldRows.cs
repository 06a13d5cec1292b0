using Recsys.Features;

namespace Recsys.Nn;

/// <summary>
/// Which rows of a table the examples of a batch pick: a code its row, several codes the mean of their rows, a number its value times one
/// row (its missing indicator another), a sequence the mean over its events. A cell without codes picks nothing: its vector is zero.
/// </summary>
internal sealed class FieldRows
{
    private readonly FittedFeature[] _fields;
    private readonly int[] _first;
    private readonly bool _scaled;

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
            _scaled |= field.Shape != FeatureShape.Code;
            if (shared && field.Shape != FeatureShape.Number && tables.TryGetValue(field.Table, out _first[f])) continue;
            _first[f] = (int)rows;
            if (field.Shape != FeatureShape.Number) tables[field.Table] = _first[f];
            rows += field.Shape == FeatureShape.Number ? field.IndicatorSlot < 0 ? 1 : 2 : field.Cardinality;
            if (rows > int.MaxValue)
                throw new ArgumentException($"Feature '{field.Name}' takes the table past {int.MaxValue} rows; hash it into fewer.", nameof(fields));
        }
        RowCount = (int)rows;
    }

    public FittedSchema Schema { get; }

    public int RowCount { get; }

    public int FieldCount => _fields.Length;

    /// <summary>[B, fields, d]: the vector of each field; or, summed, [B, d]: their sum.</summary>
    public Tensor Of(Tape tape, ExampleBatch batch, EmbeddingTable table, bool summed)
    {
        Schema.EnsureCompatible(batch.Schema);
        var shape = summed ? new Shape(batch.Count, table.Dimension) : new Shape(batch.Count, _fields.Length, table.Dimension);
        var result = Lookup.Begin(tape, table, shape, Count(batch), _scaled, out var picks);
        var k = 0;
        for (var f = 0; f < _fields.Length; f++)
        {
            var (step, slot) = summed ? (1, 0) : (_fields.Length, f);
            k = Fill(batch, f, step, slot, picks, k);
        }
        Lookup.Finish(result, picks);
        return result;
    }

    private int Count(ExampleBatch batch)
    {
        var count = 0;
        foreach (var field in _fields)
        {
            count += field.Shape switch
            {
                FeatureShape.Codes => batch.MultiCategory(field.Index).Codes.Length,
                FeatureShape.Sequence => batch.Sequence(field.Index).EventCount,
                FeatureShape.Number when field.IndicatorSlot >= 0 => 2 * batch.Count,
                _ => batch.Count,
            };
        }
        return count;
    }

    private int Fill(ExampleBatch batch, int f, int step, int slot, in Lookup.Picks picks, int k)
    {
        var (field, first) = (_fields[f], _first[f]);
        switch (field.Shape)
        {
            case FeatureShape.Code:
                foreach (var code in batch.Category(field.Index))
                {
                    picks.Rows[k] = first + code;
                    picks.Slots[k] = slot;
                    if (_scaled) picks.Scales[k] = 1;
                    slot += step;
                    k++;
                }
                return k;
            case FeatureShape.Number:
                k = FillNumbers(batch.Number(field.Index), first, step, slot, picks, k);
                return field.IndicatorSlot < 0 ? k : FillNumbers(batch.Missing(field.Index), first + 1, step, slot, picks, k);
            case FeatureShape.Codes:
                var lists = batch.MultiCategory(field.Index);
                return FillLists(lists.Offsets, lists.Codes, first, step, slot, picks, k);
            default:
                var events = batch.Sequence(field.Index);
                return FillLists(events.Offsets, events.Codes(), first, step, slot, picks, k);
        }
    }

    private static int FillNumbers(ReadOnlySpan<float> values, int row, int step, int slot, in Lookup.Picks picks, int k)
    {
        foreach (var value in values)
        {
            picks.Rows[k] = row;
            picks.Slots[k] = slot;
            picks.Scales[k] = value;
            slot += step;
            k++;
        }
        return k;
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

using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// What the layers that read fields make of each item of a catalogue, computed once, for serving: W x is a sum over fields, so a request
/// computes the terms of its user and context and adds those of the items. Filled by one pass over all items; immutable from then on and
/// safe for any number of threads.
/// </summary>
internal sealed class KeptItems
{
    private const int Block = 1024;

    private readonly FeatureTable _items;
    private readonly Dictionary<object, AlignedFloats> _parts = [];
    private bool _filling = true;

    private KeptItems(FeatureTable items) => _items = items;

    /// <summary>Keeps what a network makes of the items of a set of features.</summary>
    /// <param name="features">Whose items.</param>
    /// <param name="pass">Computes the network for a batch.</param>
    /// <param name="cancel">Checked for each block.</param>
    public static KeptItems Of(FeatureSet features, Action<Tape, ExampleBatch> pass, CancellationToken cancel)
    {
        var kept = new KeptItems(features.Items);
        var tape = new Tape { Items = kept };
        var batch = features.CreateBatch(Block);
        var ids = new int[Block];
        for (var first = 0; first <= kept._items.Count; first += Block)   // the last is the row of unknown items
        {
            cancel.ThrowIfCancellationRequested();
            var count = Math.Min(Block, kept._items.Count + 1 - first);
            for (var i = 0; i < count; i++) ids[i] = first + i;
            features.Assemble(-1, ids.AsSpan(0, count), batch);
            pass(tape, batch);
            tape.Reset();
        }
        kept._filling = false;
        return kept;
    }

    /// <summary>What to compute of a batch: while items are being kept their part of the layout; for a request over them the rest, once if
    /// it is the same for all candidates; else everything.</summary>
    public static (KeptItems? Kept, FieldLayout Part, int Rows) For(Tape tape, ExampleBatch batch, FieldLayout layout)
    {
        var kept = tape.Items;
        if (kept is null || layout.Items is null || tape.Records || !ReferenceEquals(batch.ItemTable, kept._items))
            return (null, layout, batch.Count);
        return kept._filling
            ? (kept, layout.Items, batch.Count)
            : (kept, layout.Rest!, layout.Rest!.IsSameInRequest ? 1 : batch.Count);
    }

    /// <summary>x W + b of fields in parts.</summary>
    public Tensor Linear(in FieldVectors x, Parameter weight, Tensor? bias, bool relu)
    {
        var w = x.Codes.Tape.Use(weight);
        return Add(FieldLinear.Of(x, w, _filling ? null : bias, relu: false), weight, x.Batch!, relu);
    }

    /// <summary>The rest, one row or one for each candidate, and what was kept of the candidates. [B, columns]</summary>
    /// <param name="rest">Computed of the part that <see cref="For"/> gave; while items are being kept it is what is kept.</param>
    /// <param name="of">Whose it is.</param>
    /// <param name="batch">The candidates.</param>
    /// <param name="relu">Whether negative sums become 0.</param>
    public Tensor Add(Tensor rest, object of, ExampleBatch batch, bool relu)
    {
        var columns = rest.Shape.Columns;
        if (_filling)
        {
            var rows = Rows(of, columns);
            for (var i = 0; i < batch.Count; i++)
                rest.Values.Slice(i * columns, columns).CopyTo(rows[(_items.RowOf(batch.Items[i]) * columns)..]);
            return rest;
        }
        var sum = rest.Tape.Constant(new Shape(batch.Count, columns));
        FieldKernels.AddKept(_parts[of].Span, batch.Items, rest.Values, relu, columns, sum.Mutable);
        return sum;
    }

    /// <summary>Pairs of all fields: those of the rest, those of the items, and one of each. [B, d]</summary>
    /// <param name="rest">Pairs of the part that <see cref="For"/> gave, from <see cref="FieldPairs"/>.</param>
    /// <param name="of">Whose they are.</param>
    /// <param name="batch">The candidates.</param>
    public Tensor AddPairs(Tensor rest, object of, ExampleBatch batch)
    {
        var d = rest.Shape.Columns;
        var sums = rest.Tape.At(rest.Node).Kept.Span;
        if (_filling)
        {
            var rows = Rows(of, 2 * d);
            for (var i = 0; i < batch.Count; i++)
            {
                var row = rows.Slice(_items.RowOf(batch.Items[i]) * 2 * d, 2 * d);
                sums.Slice(i * d, d).CopyTo(row);
                rest.Values.Slice(i * d, d).CopyTo(row[d..]);
            }
            return rest;
        }
        var pairs = rest.Tape.Constant(new Shape(batch.Count, d));
        FieldKernels.AddKeptPairs(_parts[of].Span, batch.Items, sums, rest.Values, d, pairs.Mutable);
        return pairs;
    }

    private Span<float> Rows(object of, int columns)
    {
        if (_parts.TryGetValue(of, out var rows)) return rows.Span;
        if ((_items.Count + 1L) * columns > int.MaxValue)
            throw new ArgumentException(
                $"{_items.Count} items of {columns} numbers each are more than {int.MaxValue} to keep; freeze without the features.");
        _parts.Add(of, rows = new AlignedFloats((_items.Count + 1) * columns));
        return rows.Span;
    }
}

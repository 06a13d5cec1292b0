namespace Recsys.Nn;

/// <summary>
/// A sequence of vectors for each example of a batch: the vectors of all examples as rows, ragged or padded, and where those of each example
/// lie. What is asked of an empty sequence is zero. Good until the tape is reset.
/// </summary>
/// <param name="Values">Ragged: [events, ..]. Padded: [B, T, ..] or [B · T, ..].</param>
/// <param name="Segments">Where they lie.</param>
public readonly record struct Sequences(Tensor Values, Segments Segments)
{
    /// <summary>Other vectors for the same events.</summary>
    public Sequences With(Tensor values)
    {
        Segments.Check("sequences", values.Shape);
        return this with { Values = values };
    }

    /// <summary>Σ over the events. [B, d]; zero of an empty sequence.</summary>
    public Tensor Sum() => SegmentPool.Of(Values, Segments, SegmentPool.Kind.Sum);

    /// <summary>The mean of the events. [B, d]; zero of an empty sequence.</summary>
    public Tensor Mean() => SegmentPool.Of(Values, Segments, SegmentPool.Kind.Mean);

    /// <summary>The largest of the events, number by number; of equal ones the first learns. [B, d]; zero of an empty sequence.</summary>
    public Tensor Max() => SegmentPool.Of(Values, Segments, SegmentPool.Kind.Max);

    /// <summary>The last event. [B, d]; zero of an empty sequence.</summary>
    public Tensor Last() => SegmentPool.Of(Values, Segments, SegmentPool.Kind.Last);

    /// <summary>e^x / Σ e^x over the events of each example, column by column. Same shape; zero between sequences.</summary>
    public Sequences Softmax() => this with { Values = SegmentSoftmax.Of(Values, Segments) };

    /// <summary>Σ weight · vector over the events of each example. [B, d]; zero of an empty sequence.</summary>
    /// <param name="weights">One for each event. [events], or padded [B, T].</param>
    public Tensor WeightedSum(Tensor weights) => With(Values.ScaleRows(weights)).Sum();

    /// <summary>A vector of each example for each of its events. [B, d] → [rows, d]; zero between sequences.</summary>
    public Sequences Repeat(Tensor x) => this with { Values = SegmentRepeat.Of(x, Segments) };

    /// <summary>The same in places of one length: [B, T, d].</summary>
    /// <param name="length">T; 0 for the longest sequence (at least 1). Of a longer sequence the latest events are kept.</param>
    public Sequences Pad(int length = 0)
    {
        Guard.AtLeast(0, length, nameof(length));
        return SegmentMove.Pad(this, length == 0 ? Math.Max(1, Segments.MaxLength) : length);
    }

    /// <summary>The same without gaps: [events, d].</summary>
    public Sequences Compact() => SegmentMove.Compact(this);
}

namespace Recsys.Nn;

/// <summary>
/// Where the rows of each example lie in a matrix of rows: ragged, one example after the other without gaps, or padded, each example from a
/// multiple of one length. Good until the tape is reset. An example may have no rows.
/// </summary>
public readonly struct Segments
{
    private readonly IntBlock _ints;

    internal Segments(Tape tape, IntBlock ints, int rows, int padded)
    {
        (Tape, _ints, Rows, PaddedLength) = (tape, ints, rows, padded);
        foreach (var length in Lengths)
        {
            MaxLength = Math.Max(MaxLength, length);
            Total += length;
        }
    }

    /// <summary>The tape that it lies on.</summary>
    public Tape Tape { get; }

    /// <summary>B, the number of examples.</summary>
    public int Count => _ints.Length / 2;

    /// <summary>Rows of the matrix, those between the segments included.</summary>
    public int Rows { get; }

    /// <summary>Rows of all examples together.</summary>
    public int Total { get; }

    /// <summary>Rows of the longest example.</summary>
    public int MaxLength { get; }

    /// <summary>The rows that each example was padded to; 0 if they are ragged.</summary>
    public int PaddedLength { get; }

    /// <summary>The first row of each example. [B]</summary>
    public ReadOnlySpan<int> Starts => _ints.Span[..Count];

    /// <summary>The number of rows of each example, 0 or greater. [B]</summary>
    public ReadOnlySpan<int> Lengths => _ints.Span[Count..];

    internal IntBlock Ints => _ints;

    /// <summary>Rows without gaps.</summary>
    /// <param name="tape">That it is used on.</param>
    /// <param name="offsets">Example i owns the rows offsets[i]..offsets[i + 1]-1; from 0, never falling.</param>
    /// <exception cref="ArgumentException">The offsets fall or don't begin at 0.</exception>
    public static Segments Ragged(Tape tape, ReadOnlySpan<int> offsets)
    {
        ArgumentNullException.ThrowIfNull(tape);
        if (offsets.IsEmpty || offsets[0] != 0)
            throw new ArgumentException("Offsets are one more than the examples and begin at 0.", nameof(offsets));
        var count = offsets.Length - 1;
        var ints = tape.TakeInts(2 * count);
        for (var i = 0; i < count; i++)
        {
            if (offsets[i + 1] < offsets[i])
                throw new ArgumentException(
                    $"The offset {offsets[i + 1]} of place {i + 1} is below the one before it; offsets never fall.", nameof(offsets));
            ints.Span[i] = offsets[i];
            ints.Span[count + i] = offsets[i + 1] - offsets[i];
        }
        return new Segments(tape, ints, offsets[^1], 0);
    }

    /// <summary>Rows of which each example has as many places, the first of them in use.</summary>
    /// <param name="tape">That it is used on.</param>
    /// <param name="lengths">The places in use, 0..padded.</param>
    /// <param name="padded">Places of an example.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length is negative or above <paramref name="padded"/>.</exception>
    public static Segments Padded(Tape tape, ReadOnlySpan<int> lengths, int padded)
    {
        ArgumentNullException.ThrowIfNull(tape);
        Guard.AtLeast(1, padded, nameof(padded));
        var ints = tape.TakeInts(2 * lengths.Length);
        for (var i = 0; i < lengths.Length; i++)
        {
            if ((uint)lengths[i] > (uint)padded)
                throw new ArgumentOutOfRangeException(nameof(lengths), lengths[i], $"A length lies between 0 and {padded}, the padded one.");
            ints.Span[i] = i * padded;
            ints.Span[lengths.Length + i] = lengths[i];
        }
        return new Segments(tape, ints, checked(lengths.Length * padded), padded);
    }

    internal void Check(string op, Shape x)
    {
        var rows = PaddedLength > 0 && x.Rank >= 2 ? x[0] * x[1] : x.Rank == 0 ? 0 : x[0];
        if (x.Rank < 1 || rows != Rows && x[0] != Rows || PaddedLength > 0 && x[0] != Rows && (x[0] != Count || x[1] != PaddedLength))
        {
            var padded = PaddedLength > 0 ? $", padded to {PaddedLength}" : "";
            throw new ArgumentException($"{op}: the shape {x} does not fit segments of {Count} examples and {Rows} rows{padded}.");
        }
    }
}

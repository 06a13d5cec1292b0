namespace Recsys.Features;

/// <summary>The codes of a feature with any number of values for each example.</summary>
public readonly ref struct RaggedCodes
{
    internal RaggedCodes(ReadOnlySpan<int> offsets, ReadOnlySpan<int> codes)
    {
        Offsets = offsets;
        Codes = codes;
    }

    /// <summary>Example i owns the codes Offsets[i]..Offsets[i + 1]-1. Length Count + 1, from 0.</summary>
    public ReadOnlySpan<int> Offsets { get; }

    /// <summary>All codes, by example.</summary>
    public ReadOnlySpan<int> Codes { get; }

    /// <summary>The codes of one example.</summary>
    public ReadOnlySpan<int> this[int example] => Codes[Offsets[example]..Offsets[example + 1]];
}

/// <summary>The events of a sequence feature for each example, oldest first.</summary>
public readonly ref struct EventSequences
{
    private readonly SequenceBuffer _buffer;

    internal EventSequences(SequenceBuffer buffer, int count)
    {
        _buffer = buffer;
        Offsets = buffer.Offsets.AsSpan(0, count + 1);
    }

    /// <summary>Example i owns the events Offsets[i]..Offsets[i + 1]-1. Length Count + 1, from 0.</summary>
    public ReadOnlySpan<int> Offsets { get; }

    /// <summary>Number of events of all examples.</summary>
    public int EventCount => _buffer.Length;

    /// <summary>Dense item ids of the events.</summary>
    public ReadOnlySpan<int> Items => _buffer.Items.AsSpan(0, _buffer.Length);

    /// <summary>The codes of one item feature for the events: by default of the first that the sequence names.</summary>
    /// <param name="part">Its place in <see cref="FittedFeature.Parts"/>.</param>
    public ReadOnlySpan<int> Codes(int part = 0) => _buffer.Codes[part].AsSpan(0, _buffer.Length);

    /// <summary>What was done: 1 + the place in the event types that the feature names; 0 where it names none.</summary>
    public ReadOnlySpan<int> Actions => _buffer.Actions.AsSpan(0, _buffer.Length);

    /// <summary>Seconds from the event to the example, 0 or greater; -1 where a time is missing.</summary>
    public ReadOnlySpan<float> Ages => _buffer.Ages.AsSpan(0, _buffer.Length);

    /// <summary>Number of events of one example.</summary>
    public int Length(int example) => Offsets[example + 1] - Offsets[example];
}

/// <summary>Growing storage of ragged codes: doubles, so a warm buffer allocates nothing.</summary>
internal sealed class RaggedBuffer(int capacity)
{
    public int[] Offsets { get; } = new int[capacity + 1];

    public int[] Values { get; private set; } = new int[capacity];

    public int Length { get; set; }

    /// <summary>Room for more values, counted into <see cref="Length"/>.</summary>
    public Span<int> Take(int count)
    {
        var start = Length;
        Length = checked(start + count);
        if (Length > Values.Length)
        {
            var grown = new int[Math.Max(Length, (int)Math.Min(2L * Values.Length, Array.MaxLength))];
            Values.AsSpan(0, start).CopyTo(grown);
            Values = grown;
        }
        return Values.AsSpan(start, count);
    }
}

/// <summary>Growing storage of event sequences.</summary>
internal sealed class SequenceBuffer
{
    public SequenceBuffer(int capacity, int parts)
    {
        Offsets = new int[capacity + 1];
        Codes = new int[parts][];
        for (var i = 0; i < parts; i++) Codes[i] = [];
    }

    public int[] Offsets { get; }

    public int Length { get; set; }

    public int[] Items { get; private set; } = [];

    public int[] Actions { get; private set; } = [];

    public float[] Ages { get; private set; } = [];

    public int[][] Codes { get; }

    public void Reserve(int length)
    {
        if (length <= Items.Length) return;
        var size = Math.Max(length, (int)Math.Min(2L * Items.Length, Array.MaxLength));
        Items = Grown(Items, size);
        Actions = Grown(Actions, size);
        Ages = Grown(Ages, size);
        for (var i = 0; i < Codes.Length; i++) Codes[i] = Grown(Codes[i], size);
    }

    /// <summary>Gives the events of example 0, the only one so far, to the examples 1..count-1 too.</summary>
    public void Repeat(int count)
    {
        var length = Length;
        Reserve(checked(length * count));
        for (var i = 1; i < count; i++)
        {
            Items.AsSpan(0, length).CopyTo(Items.AsSpan(i * length));
            Actions.AsSpan(0, length).CopyTo(Actions.AsSpan(i * length));
            Ages.AsSpan(0, length).CopyTo(Ages.AsSpan(i * length));
            foreach (var codes in Codes) codes.AsSpan(0, length).CopyTo(codes.AsSpan(i * length));
            Offsets[i + 1] = (i + 1) * length;
        }
        Length = length * count;
    }

    private T[] Grown<T>(T[] old, int size)
    {
        var grown = new T[size];
        old.AsSpan(0, Length).CopyTo(grown);
        return grown;
    }
}

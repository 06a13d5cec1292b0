using Recsys.Persistence;

namespace Recsys.Indexing;

/// <summary>The vectors and links of an <see cref="HnswIndex"/>. Changed only while it is being built.</summary>
internal sealed class HnswGraph
{
    public const int MostLevels = 40;

    private readonly int[] _baseSlots;    // [Count, 1 + 2 M]: how many links, then the links
    private readonly int[] _upperSlots;   // [Σ level, 1 + M], a vector's layers 1, 2, … one after another
    private readonly int[] _upperStarts;  // [Count]: a vector's first row of the upper slots

    /// <summary>A graph without links over these vectors.</summary>
    public HnswGraph(VectorRows rows, int links, byte[] levels)
    {
        Rows = rows;
        Copies = VectorCopies.Find(rows);
        MostLinks = links;
        Levels = levels;
        _upperStarts = new int[Count];
        long upper = 0;
        for (var node = 0; node < Count; node++)
        {
            _upperStarts[node] = (int)upper;
            upper += levels[node];
            if (upper * (1 + links) > Array.MaxLength) throw TooLarge();
        }
        if ((long)Count * (1 + 2 * links) > Array.MaxLength) throw TooLarge();
        _baseSlots = new int[Count * (1 + 2 * links)];
        _upperSlots = new int[(int)upper * (1 + links)];
    }

    /// <summary>The vectors; that some are deleted does not matter here.</summary>
    public VectorRows Rows { get; }

    /// <summary>Rows that are outside the graph, since an earlier one holds the same vector; null if all differ.</summary>
    public VectorCopies? Copies { get; }

    /// <summary>M.</summary>
    public int MostLinks { get; }

    /// <summary>The highest layer of each vector.</summary>
    public byte[] Levels { get; }

    /// <summary>Where every search begins: the first vector of the highest layer; -1 in an empty graph.</summary>
    public int Entry { get; set; } = -1;

    public int Count => Levels.Length;

    public long Bytes => 4L * (Rows.Vectors.Length + _baseSlots.Length + _upperSlots.Length + _upperStarts.Length) + Levels.Length;

    public int Capacity(int layer) => layer == 0 ? 2 * MostLinks : MostLinks;

    /// <summary>The number of links, then room for them.</summary>
    public Span<int> Slot(int node, int layer)
        => layer == 0
            ? _baseSlots.AsSpan(node * (1 + 2 * MostLinks), 1 + 2 * MostLinks)
            : _upperSlots.AsSpan((_upperStarts[node] + layer - 1) * (1 + MostLinks), 1 + MostLinks);

    public ReadOnlySpan<int> Links(int node, int layer)
    {
        var slot = Slot(node, layer);
        return slot.Slice(1, slot[0]);
    }

    /// <summary>Takes over the links of an older graph over the first of these vectors.</summary>
    public void CopyLinks(HnswGraph older)
    {
        older._baseSlots.CopyTo(_baseSlots, 0);
        older._upperSlots.CopyTo(_upperSlots, 0);
        Entry = older.Entry;
    }

    /// <summary>Writes all but the vectors.</summary>
    public void Write(ModelWriter writer)
    {
        writer.Integer("links", MostLinks);
        writer.Integer("entry", Entry);
        writer.Tensor("levels", Levels);
        WriteSlots(writer.Scope("base"), _baseSlots, 1 + 2 * MostLinks);
        WriteSlots(writer.Scope("upper"), _upperSlots, 1 + MostLinks);
    }

    /// <exception cref="InvalidDataException">A link leads out of the graph or its layer.</exception>
    public static HnswGraph Read(ModelReader reader, VectorRows rows)
    {
        var count = rows.Count;
        var links = reader.Int32("links", 2, 512);
        var entry = reader.Int32("entry", -1, count - 1);
        var levels = reader.Tensor<byte>("levels", count);
        foreach (var level in levels)
            if (level > MostLevels) throw reader.Invalid($"a level is {level}; {MostLevels} is the highest.");
        // Room for links is made for every vector; a forged file must not ask for much more than it holds.
        if ((long)count * (1 + 2 * links) * sizeof(int) > 32 * reader.FileLength)
            throw reader.Invalid($"room for 2 · {links} links of {count} vectors is far more than {reader.FileLength} bytes can use.");
        var graph = new HnswGraph(rows, links, levels) { Entry = entry };
        ReadSlots(reader.Scope("base"), graph._baseSlots, 1 + 2 * links, count);
        ReadSlots(reader.Scope("upper"), graph._upperSlots, 1 + links, count);
        for (var node = 0; node < count; node++)
        {
            if (entry >= 0 && levels[node] > levels[entry])
                throw reader.Invalid($"the entry point lies on layer {levels[entry]}, below the highest.");
            for (var layer = 1; layer <= levels[node]; layer++)
                foreach (var other in graph.Links(node, layer))
                    if (levels[other] < layer)
                        throw reader.Invalid($"a link of layer {layer} leads to the vector {other}, which is not on it.");
        }
        return graph;
    }

    private static void WriteSlots(ModelWriter writer, int[] slots, int size)
    {
        var offsets = new long[slots.Length / size + 1];
        for (var row = 0; row + 1 < offsets.Length; row++) offsets[row + 1] = offsets[row] + slots[row * size];
        var ids = new int[offsets[^1]];
        for (var row = 0; row + 1 < offsets.Length; row++)
            slots.AsSpan(row * size + 1, slots[row * size]).CopyTo(ids.AsSpan((int)offsets[row]));
        writer.Tensor("offsets", offsets);
        writer.Tensor("ids", ids);
    }

    private static void ReadSlots(ModelReader reader, int[] slots, int size, int count)
    {
        var ids = reader.Ids("ids", -1, count);
        var offsets = reader.Offsets<long>("offsets", slots.Length / size, ids.Length);
        for (var row = 0; row + 1 < offsets.Length; row++)
        {
            var links = (int)(offsets[row + 1] - offsets[row]);
            if (links >= size) throw reader.Invalid($"row {row} has {links} links; {size - 1} is the most.");
            slots[row * size] = links;
            ids.AsSpan((int)offsets[row], links).CopyTo(slots.AsSpan(row * size + 1));
        }
    }

    private ArgumentException TooLarge()
        => new($"{Count} vectors with {MostLinks} links do not fit into one graph; use fewer links or several indexes.");
}

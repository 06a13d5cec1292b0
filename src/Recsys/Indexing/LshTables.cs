using Recsys.Numerics;

namespace Recsys.Indexing;

/// <summary>
/// L hash tables over vectors. A table's key has k cells, each of a random projection p = a · x: its sign, or ⌊p / w + b⌋. Vectors of one
/// key share a bucket (as may, rarely, those of two keys: what is found is scored exactly anyway). A query also visits the buckets next to
/// its own, the one first whose change of cells its projections are nearest to.
/// </summary>
/// <remarks>
/// A key is Σ cell_i · m_i with random odd m_i, so a neighbouring key differs by ±m_i. Order of the neighbours: Lv, Josephson, Wang,
/// Charikar, Li, "Multi-probe LSH", VLDB 2007.
/// </remarks>
internal sealed class LshTables
{
    private const int Shard = 1024;

    private readonly VectorRows _rows;
    private readonly float[] _directions;      // [L k, Dimensions]
    private readonly float[] _last;            // [L k]: the direction in the dimension that the transform adds
    private readonly float[] _offsets;         // [L k]: b, in 0..1
    private readonly ulong[] _multipliers;     // [k]
    private readonly float _scale;             // 1 / M, or 1
    private readonly int _bits;
    private readonly int[] _starts;            // [L, 2^bits + 1]
    private readonly int[] _items;             // [L, count]
    private readonly int _count;

    /// <summary>Hashes the rows.</summary>
    /// <param name="rows">By dot product they are first made unit vectors: x ↦ (x / M, √(1 - ‖x‖² / M²)) with M = max ‖x‖, q ↦ (q / ‖q‖,
    /// 0).</param>
    /// <param name="tables">L.</param>
    /// <param name="hashes">k.</param>
    /// <param name="width">w; 0 takes signs.</param>
    /// <param name="seed">Of the projections.</param>
    /// <param name="threads">At least 1; never changes the result.</param>
    /// <param name="cancel">Checked now and then.</param>
    public LshTables(VectorRows rows, int tables, int hashes, float width, ulong seed, int threads, CancellationToken cancel)
    {
        CheckSize(rows, tables, hashes);
        (_rows, Tables, Hashes, Width) = (rows, tables, hashes, width);
        var (all, rng) = (tables * hashes, new Rng(seed, 3));
        (_directions, _last, _offsets) = (new float[all * rows.Dimensions], new float[all], new float[all]);
        rng.Stream(0).FillNormal(0, _directions);
        rng.Stream(1).FillNormal(0, _last);
        rng.Stream(2).FillUniform(0, _offsets);
        _multipliers = new ulong[hashes];
        for (var i = 0; i < hashes; i++) _multipliers[i] = rng.Stream(3).Bits((ulong)i) | 1;
        _scale = Scale(rows);
        _bits = Math.Clamp(31 - int.LeadingZeroCount(rows.Count), 1, 26);

        // By cosine a zero vector has no direction, and no bucket.
        var nodes = new List<int>();
        for (var row = 0; row < rows.Count; row++)
            if (rows.Similarity != VectorSimilarity.Cosine || !rows.IsZero(row)) nodes.Add(row);
        _count = nodes.Count;
        var buckets = new int[tables * _count];
        Shards.Run((_count + Shard - 1) / Shard, threads, shard =>
        {
            var projections = new float[all];
            for (var i = shard * Shard; i < Math.Min(_count, (shard + 1) * Shard); i++)
            {
                Project(rows.Vector(nodes[i]), projections);
                for (var table = 0; table < tables; table++) buckets[table * _count + i] = Bucket(Key(projections, table));
            }
        }, cancel);
        var size = (1 << _bits) + 1;
        (_starts, _items) = (new int[tables * size], new int[tables * _count]);
        Shards.Run(tables, threads, table =>
        {
            var starts = _starts.AsSpan(table * size, size);
            var items = _items.AsSpan(table * _count, _count);
            var own = buckets.AsSpan(table * _count, _count);
            foreach (var bucket in own) starts[bucket + 1]++;
            for (var b = 0; b + 1 < size; b++) starts[b + 1] += starts[b];
            for (var i = own.Length - 1; i >= 0; i--) items[--starts[own[i] + 1]] = nodes[i];
            // Each start has moved to that of its own bucket, one place too far on.
            starts[1..].CopyTo(starts);
            starts[^1] = _count;
        }, cancel);
    }

    public int Tables { get; }

    public int Hashes { get; }

    public float Width { get; }

    /// <summary>Bytes of tables and projections.</summary>
    public long Bytes => 4L * (_directions.Length + _last.Length + _offsets.Length + _starts.Length + _items.Length);

    /// <summary>All projections of a stored vector.</summary>
    public void Project(ReadOnlySpan<float> vector, Span<float> projections)
    {
        Dot.Rows(_directions, _rows.Dimensions, vector, projections);
        if (_rows.Similarity != VectorSimilarity.DotProduct) return;
        var rest = MathF.Sqrt(MathF.Max(0, 1 - Dot.Product(vector, vector) * _scale * _scale));
        for (var i = 0; i < projections.Length; i++) projections[i] = projections[i] * _scale + _last[i] * rest;
    }

    /// <summary>All projections of a query.</summary>
    public void ProjectQuery(ReadOnlySpan<float> query, Span<float> projections)
    {
        Dot.Rows(_directions, _rows.Dimensions, query, projections);
        if (_rows.Similarity != VectorSimilarity.DotProduct) return;
        var norm = MathF.Sqrt(Dot.Product(query, query));
        for (var i = 0; norm > 0 && i < projections.Length; i++) projections[i] /= norm;
    }

    /// <summary>The cell of one projection, and how far into the cell it lies, 0..1.</summary>
    public int Cell(int hash, float projection, out float part)
    {
        part = 0;
        if (Width == 0) return projection >= 0 ? 1 : 0;
        var place = projection / Width + _offsets[hash];
        var cell = MathF.Floor(place);
        part = place - cell;
        return (int)Math.Clamp(cell, -1e9f, 1e9f);
    }

    /// <summary>The items of a table's bucket.</summary>
    public ReadOnlySpan<int> Items(int table, ulong key)
    {
        var start = table * ((1 << _bits) + 1) + Bucket(key);
        return _items.AsSpan(table * _count + _starts[start], _starts[start + 1] - _starts[start]);
    }

    public ulong Key(ReadOnlySpan<float> projections, int table)
    {
        var key = 0UL;
        for (var i = 0; i < Hashes; i++)
            key += unchecked((ulong)Cell(table * Hashes + i, projections[table * Hashes + i], out _)) * _multipliers[i];
        return key;
    }

    /// <summary>The changes of one cell of a table's key, each with the square of the distance to it, nearest first.</summary>
    public int Changes(ReadOnlySpan<float> projections, int table, Span<LshChange> changes)
    {
        var count = 0;
        for (var i = 0; i < Hashes; i++)
        {
            var hash = table * Hashes + i;
            var projection = projections[hash];
            var cell = Cell(hash, projection, out var part);
            if (Width == 0)
            {
                changes[count++] = new(projection * projection, cell == 0 ? _multipliers[i] : 0 - _multipliers[i], 1UL << i);
                continue;
            }
            changes[count++] = new(part * part, 0 - _multipliers[i], 1UL << i);
            changes[count++] = new((1 - part) * (1 - part), _multipliers[i], 1UL << i);
        }
        changes[..count].Sort();
        return count;
    }

    private int Bucket(ulong key)
    {
        key = (key ^ key >> 32) * 0x9E3779B97F4A7C15;
        return (int)(key >> 64 - _bits);
    }

    // The tables are not in a file, so a forged number of them must not ask for much more memory than the vectors.
    private static void CheckSize(VectorRows rows, int tables, int hashes)
    {
        var bytes = 4.0 * tables * ((double)hashes * (rows.Dimensions + 4) + 3.0 * rows.Count);
        if (bytes > (1 << 19) + 50.0 * 4 * rows.Vectors.Length || (double)tables * Math.Max(rows.Count, 2) > Array.MaxLength)
        {
            throw new ArgumentException(
                $"{tables} tables of {hashes} hashes are far larger than the {rows.Count} vectors of {rows.Dimensions}; use fewer.");
        }
    }

    private static float Scale(VectorRows rows)
    {
        if (rows.Similarity != VectorSimilarity.DotProduct) return 1;
        var most = 0f;
        for (var row = 0; row < rows.Count; row++) most = MathF.Max(most, Dot.Product(rows.Vector(row), rows.Vector(row)));
        return most > 0 && float.IsFinite(1 / MathF.Sqrt(most)) ? 1 / MathF.Sqrt(most) : 1;
    }
}

/// <summary>A change of one cell.</summary>
/// <param name="Cost">The square of the distance from the projection to the other cell.</param>
/// <param name="Step">Added to the key.</param>
/// <param name="Hash">One bit for the hash: a probe changes each hash once at most.</param>
internal readonly record struct LshChange(float Cost, ulong Step, ulong Hash) : IComparable<LshChange>
{
    public int CompareTo(LshChange other)
    {
        var byCost = Cost.CompareTo(other.Cost);
        if (byCost != 0) return byCost;
        var byHash = Hash.CompareTo(other.Hash);
        return byHash != 0 ? byHash : Step.CompareTo(other.Step);
    }
}

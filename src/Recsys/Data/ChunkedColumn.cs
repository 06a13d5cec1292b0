namespace Recsys.Data;

/// <summary>A column that grows without ever copying what it holds, and that can be let go piece by piece.</summary>
internal sealed class ChunkedColumn<T> where T : unmanaged
{
    public const int ChunkBits = 18;
    public const int ChunkSize = 1 << ChunkBits;

    private readonly List<T[]?> _chunks = [];
    private T[] _last = [];
    private int _used;

    public ChunkedColumn()
    {
    }

    /// <summary>A column of equal values.</summary>
    public ChunkedColumn(long count, T value)
    {
        for (var left = count; left > 0; left -= ChunkSize)
        {
            _last = new T[ChunkSize];
            _chunks.Add(_last);
            _used = (int)Math.Min(left, ChunkSize);
            _last.AsSpan(0, _used).Fill(value);
        }
    }

    public long Count => _chunks.Count == 0 ? 0 : ((long)(_chunks.Count - 1) << ChunkBits) + _used;

    public int ChunkCount => _chunks.Count;

    public void Add(T value)
    {
        if (_used == _last.Length) NewChunk();
        _last[_used++] = value;
    }

    public ReadOnlySpan<T> Chunk(int chunk)
        => _chunks[chunk].AsSpan(0, chunk == _chunks.Count - 1 ? _used : ChunkSize);

    public void Release(int chunk) => _chunks[chunk] = null;

    private void NewChunk()
    {
        // The first chunk of a small log grows by itself: many logs are small.
        if (_chunks.Count == 1 && _last.Length < ChunkSize)
        {
            Array.Resize(ref _last, Math.Min(ChunkSize, _last.Length * 4));
            _chunks[0] = _last;
            return;
        }
        _last = new T[_chunks.Count == 0 ? 256 : ChunkSize];
        _chunks.Add(_last);
        _used = 0;
    }
}

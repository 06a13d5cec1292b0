using System.Security.Cryptography;

namespace Recsys.Persistence;

/// <summary>The bytes of one file, read once from front to back and hashed on the way.</summary>
internal sealed class ByteSource : IDisposable
{
    private readonly Stream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public ByteSource(Stream stream, string name)
    {
        _stream = stream;
        Name = name;
        Length = stream.CanSeek ? stream.Length - stream.Position : null;
    }

    /// <summary>What error messages call the file.</summary>
    public string Name { get; }

    /// <summary>Bytes in all, or null where the stream cannot tell.</summary>
    public long? Length { get; }

    public long Position { get; private set; }

    public InvalidDataException Invalid(string message, Exception? inner = null)
        => new($"{Name}: {EntryName.Plain(message)}", inner);

    public void Read(Span<byte> bytes, bool hashed)
    {
        var count = _stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        Position += count;
        if (count < bytes.Length)
            throw Invalid($"the file ends after {Position} bytes, in the middle of what its header announces; it is truncated.");
        if (hashed) _hash.AppendData(bytes);
    }

    /// <summary>Passes over bytes that something else reads; they are hashed.</summary>
    public void Skip(long count)
    {
        var chunk = new byte[(int)Math.Min(count, 1 << 20)];
        for (; count > 0; count -= Math.Min(count, chunk.Length)) Read(chunk.AsSpan(0, (int)Math.Min(count, chunk.Length)), hashed: true);
    }

    public void Hash(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public string FinishHash() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void ExpectEnd()
    {
        if (Length is null && _stream.ReadByte() >= 0) throw Invalid($"the file goes on after its last tensor, at byte {Position}.");
    }

    public void Dispose() => _hash.Dispose();
}

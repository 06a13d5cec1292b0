using System.IO.Compression;

namespace Recsys.Data;

/// <summary>
/// Decompresses gzip, and fails where the input is cut off, which <see cref="GZipStream"/> by default takes for the end. A further gzip
/// member with a known content is put after the input: only if every member before it is whole does that content come out at the end.
/// </summary>
internal sealed class WholeGzipStream : Stream
{
    private static readonly byte[] Mark = "\u0001whole gzip end\u0002"u8.ToArray();
    private static readonly byte[] MarkMember = Pack(Mark);

    private readonly GZipStream _gzip;
    private readonly byte[] _buffer = new byte[1 << 16];
    private readonly string _source;
    private int _start, _end;

    /// <summary>Over the bytes in hand and the rest of the stream, which messages call <paramref name="source"/>.</summary>
    public WholeGzipStream(byte[] before, Stream stream, string source, bool leaveOpen)
    {
        _source = source;
        _gzip = new GZipStream(new SplicedStream(before, stream, MarkMember, leaveOpen), CompressionMode.Decompress);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        // The last bytes so far are held back: they may be the mark.
        while (_end - _start <= Mark.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var read = Unpack(_buffer.AsSpan(_end));
            _end += read;
            if (read > 0) continue;
            return _buffer.AsSpan(0, _end).SequenceEqual(Mark)
                ? 0
                : throw new InvalidDataException($"{_source} is not a whole gzip file: it is cut off, or other bytes follow its end.");
        }
        var count = Math.Min(buffer.Length, _end - _start - Mark.Length);
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _gzip.Dispose();
        base.Dispose(disposing);
    }

    private int Unpack(Span<byte> buffer)
    {
        try
        {
            return _gzip.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{_source} is not a whole gzip file: {e.Message}", e);
        }
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(content);
        return packed.ToArray();
    }
}

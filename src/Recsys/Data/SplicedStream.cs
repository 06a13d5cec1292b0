namespace Recsys.Data;

/// <summary>The bytes of a stream between others: what was read of it already and put back, and what is to follow its end.</summary>
internal sealed class SplicedStream(byte[] before, Stream stream, byte[] after, bool leaveOpen) : Stream
{
    private int _given;  // of before and, once the stream has ended, of before and after
    private bool _ended;

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
        if (_given < before.Length) return Give(before.AsSpan(_given), buffer);
        if (!_ended)
        {
            var count = stream.Read(buffer);
            if (count > 0 || buffer.IsEmpty) return count;
            _ended = true;
        }
        return Give(after.AsSpan(_given - before.Length), buffer);
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
        if (disposing && !leaveOpen) stream.Dispose();
        base.Dispose(disposing);
    }

    private int Give(ReadOnlySpan<byte> source, Span<byte> buffer)
    {
        var count = Math.Min(source.Length, buffer.Length);
        source[..count].CopyTo(buffer);
        _given += count;
        return count;
    }
}

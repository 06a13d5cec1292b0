using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Recsys.Numerics;

/// <summary>
/// Floats that lie in a file and are read through the memory of the operating system's file cache. Who reads them stands between
/// <see cref="Enter"/> and <see cref="Exit"/>, so that the memory is not given back under a reader. Thread-safe.
/// </summary>
internal sealed unsafe class MappedFloats : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SafeMemoryMappedViewHandle _handle;
    private readonly float* _first;

    /// <param name="stream">The file, open for reading; may be closed afterwards.</param>
    /// <param name="offset">Where the floats begin, a multiple of 4.</param>
    /// <param name="length">How many there are; they lie inside the file.</param>
    public MappedFloats(FileStream stream, long offset, int length)
    {
        if (offset < 0 || offset % sizeof(float) != 0 || offset + (long)length * sizeof(float) > stream.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), offset, $"{length} floats must begin at a multiple of 4 and lie inside {stream.Length} bytes.");
        }
        Length = length;
        _file = MemoryMappedFile.CreateFromFile(
            stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
        _handle = _view.SafeMemoryMappedViewHandle;
        // A view of the whole file begins at its first byte, so no page offset has to be added; the handle keeps the memory.
        _first = (float*)((byte*)_handle.DangerousGetHandle() + offset);
    }

    public int Length { get; }

    /// <summary>The floats, good between <see cref="Enter"/> and <see cref="Exit"/>.</summary>
    public ReadOnlySpan<float> Span => new(_first, Length);

    /// <summary>Keeps the memory until <see cref="Exit"/>.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public void Enter()
    {
        var entered = false;
        _handle.DangerousAddRef(ref entered);
    }

    public void Exit() => _handle.DangerousRelease();

    /// <summary>Gives the memory back when the last reader has left.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}

using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Recsys.Persistence;

/// <summary>One element type of tensors in a file: its safetensors name and how its elements are read. The list is closed and
/// explicit.</summary>
internal abstract class TensorType(string name, int size)
{
    private static readonly TensorType[] All =
    [
        new FloatTensorType<float>("F32"), new FloatTensorType<double>("F64"), new FloatTensorType<Half>("F16"),
        new TensorType<sbyte>("I8"), new TensorType<short>("I16"), new TensorType<int>("I32"), new TensorType<long>("I64"),
        new TensorType<byte>("U8"), new TensorType<ushort>("U16"), new TensorType<uint>("U32"), new TensorType<ulong>("U64"),
        new BoolTensorType(),
    ];

    public string Name { get; } = name;

    /// <summary>Bytes of one element.</summary>
    public int Size { get; } = size;

    public static string Names => string.Join(", ", All.Select(type => type.Name));

    public static TensorType? Find(string name) => Array.Find(All, type => type.Name == name);

    public static TensorType<T> Of<T>() where T : unmanaged
        => Array.Find(All, type => type is TensorType<T>) as TensorType<T>
            ?? throw new NotSupportedException($"A model file has no tensors of {typeof(T).Name}; it has {Names}.");

    /// <summary>Reads that many elements into a new array.</summary>
    /// <param name="source">Where the bytes come from.</param>
    /// <param name="count">At most <see cref="Array.MaxLength"/>.</param>
    /// <param name="trusted">Whether the source is known to hold that many; if not, memory grows only with what has arrived.</param>
    /// <param name="tensor">The name for error messages.</param>
    public abstract Array Read(ByteSource source, int count, bool trusted, string tensor);
}

internal class TensorType<T>(string name) : TensorType(name, Marshal<T>.Size) where T : unmanaged
{
    private const int ChunkBytes = 1 << 20;
    private const int FirstUntrusted = 1 << 16;

    private int Chunk => ChunkBytes / Size;

    public sealed override Array Read(ByteSource source, int count, bool trusted, string tensor)
    {
        var values = GC.AllocateUninitializedArray<T>(trusted ? count : Math.Min(count, FirstUntrusted));
        for (var done = 0; done < count;)
        {
            if (done == values.Length) Array.Resize(ref values, (int)Math.Min(count, 2L * done));
            var length = Math.Min(Chunk, values.Length - done);
            source.Read(MemoryMarshal.AsBytes(values.AsSpan(done, length)), hashed: true);
            done += length;
        }
        var bad = FirstImpossible(values);
        return bad < 0
            ? values
            : throw source.Invalid($"the tensor {EntryName.Show(tensor)} holds a byte at index {bad} that is no {Name}.");
    }

    /// <summary>Passes the raw bytes on in chunks: spans of bytes cannot reach over 2 GB, tensors can.</summary>
    public void Emit(ReadOnlySpan<T> values, Action<ReadOnlySpan<byte>> sink)
    {
        for (var start = 0; start < values.Length; start += Chunk)
        {
            sink(MemoryMarshal.AsBytes(values.Slice(start, Math.Min(Chunk, values.Length - start))));
            if (start > int.MaxValue - Chunk) break;
        }
    }

    /// <summary>Index of the first NaN or infinite value, -1 for none.</summary>
    public virtual int FirstNonFinite(ReadOnlySpan<T> values) => -1;

    /// <summary>Index of the first element whose bytes no value of the type has, -1 for none.</summary>
    protected virtual int FirstImpossible(ReadOnlySpan<T> values) => -1;
}

internal sealed class FloatTensorType<T>(string name) : TensorType<T>(name) where T : unmanaged, IFloatingPointIeee754<T>
{
    public override int FirstNonFinite(ReadOnlySpan<T> values)
    {
        if (values.IsEmpty || TensorPrimitives.IsFiniteAll(values)) return -1;
        for (var i = 0; i < values.Length; i++)
            if (!T.IsFinite(values[i])) return i;
        return -1;
    }
}

internal sealed class BoolTensorType() : TensorType<bool>("BOOL")
{
    protected override int FirstImpossible(ReadOnlySpan<bool> values)
        => MemoryMarshal.AsBytes(values).IndexOfAnyExceptInRange((byte)0, (byte)1);
}

internal static class Marshal<T> where T : unmanaged
{
    public static int Size { get; } = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(new T[1])).Length;
}

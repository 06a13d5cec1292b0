using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Tests.Persistence;

/// <summary>
/// Thousands of changed files of each model. A change that a checksum or the layout must reveal gives an error with a message; a change
/// behind a valid checksum gives an error or a model; nothing else is thrown, and memory stays in proportion to the file.
/// </summary>
public sealed class ModelFileFuzzTests
{
    private const int Damages = 1200, Forgeries = 600;
    private static readonly ModelKinds Kinds = ModelKinds.Standard.With<Leaf>().With<Everything>().With<Nest>();

    private static readonly Dictionary<string, Func<object>> Models = new(StandardModels.Samples)
    {
        ["every kind of entry"] = Everything.Sample,
        ["models inside"] = () => new Nest(new Leaf([1, 2, 3]), Everything.Sample()),
    };

    private static readonly string[] DataTypes = ["F32", "F64", "F16", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "BOOL",
        "BF16", ""];

    public static TheoryData<string> Names => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_damaged_file_is_refused_with_a_message(string name)
    {
        var file = Save(Models[name]());
        var random = new Draws(Seed(name));
        for (var i = 0; i < Damages; i++)
        {
            var damaged = Damage(file, i % 6, random, out var what);
            if (damaged.AsSpan().SequenceEqual(file)) continue;
            var message = Load(damaged, file.Length, $"{i}: {what}");
            Assert.True(message is not null, $"{i}: {what} was accepted.");
            AssertUseful(message, what);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_whose_layout_lies_is_refused_though_its_checksum_is_right(string name)
    {
        var file = EditableModelFile.Parse(Save(Models[name]()));
        var random = new Draws(Seed(name) + 1);
        for (var i = 0; i < Forgeries; i++)
        {
            var forged = LieAboutLayout(file, i % 6, random, out var what);
            if (forged is null) continue;
            var message = Load(forged, forged.Length, $"{i}: {what}");
            Assert.True(message is not null, $"{i}: {what} was accepted.");
            AssertUseful(message, what);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Random_bytes_behind_a_right_checksum_give_an_error_or_a_model(string name)
    {
        var file = Save(Models[name]());
        var header = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        var random = new Draws(Seed(name) + 2);
        for (var i = 0; i < Forgeries; i++)
        {
            var forged = (byte[])file.Clone();
            var (start, end) = i % 2 == 0 ? (8, header) : (header, file.Length);
            for (var edits = random.Below(4); edits >= 0; edits--)
                forged[start + random.Below(end - start)] = random.Below(2) == 0 ? (byte)random.Below(256)
                    : (byte)"0123456789\"[]{},:-e.\\ "[random.Below(22)];
            if (Load(EditableModelFile.Reseal(forged), file.Length, $"forgery {i}") is { } message) AssertUseful(message, $"forgery {i}");
        }
    }

    private static byte[] Damage(byte[] file, int kind, Draws random, out string what)
    {
        var copy = (byte[])file.Clone();
        var at = random.Below(file.Length);
        switch (kind)
        {
            case 0:
                what = $"bit {random.Below(8)} of byte {at} flipped";
                copy[at] ^= (byte)(1 << int.Parse(what.AsSpan(4, 1), CultureInfo.InvariantCulture));
                return copy;
            case 1:
                what = $"cut to {at} bytes";
                return copy[..at];
            case 2:
                var length = Math.Min(1 + random.Below(64), file.Length - at);
                what = $"{length} bytes from {at} overwritten";
                for (var i = at; i < at + length; i++) copy[i] = (byte)random.Below(256);
                return copy;
            case 3:
                what = "bytes added";
                return [.. copy, .. new byte[1 + random.Below(1000)]];
            case 4:
                var cut = 1 + random.Below(Math.Min(64, file.Length - at));
                what = $"{cut} bytes from {at} taken out";
                return [.. copy[..at], .. copy[Math.Min(at + cut, file.Length)..]];
            default:
                what = "two bytes exchanged";
                var other = random.Below(file.Length);
                (copy[at], copy[other]) = (copy[other], copy[at]);
                return copy;
        }
    }

    private static byte[]? LieAboutLayout(EditableModelFile file, int kind, Draws random, out string what)
    {
        var copy = file.Copy();
        var index = random.Below(copy.Tensors.Count);
        var tensor = copy.Tensors[index];
        var begin = copy.Tensors.Take(index).Sum(t => (long)t.Data.Length);
        what = $"'{tensor.Name}': ";
        switch (kind)
        {
            case 0:
                var shape = (long[])tensor.Shape.Clone();
                shape[random.Below(shape.Length)] = random.Number();
                what += $"shape [{string.Join(", ", shape)}]";
                if (Product(shape) == Product(tensor.Shape)) return null;
                copy.Tensors[index] = tensor with { Shape = shape };
                return copy.ToBytes();
            case 1:
                var claimed = random.Below(2) == 0 ? (random.Number(), begin + tensor.Data.Length) : (begin, random.Number());
                what += $"offsets {claimed}";
                if (claimed == (begin, begin + tensor.Data.Length)) return null;
                copy.Tensors[index] = tensor with { Claimed = claimed };
                return copy.ToBytes();
            case 2:
                var type = DataTypes[random.Below(DataTypes.Length)];
                what += $"dtype {type}";
                if (type == tensor.Type || tensor.Data.Length == 0) return null;
                copy.Tensors[index] = tensor with { Type = type };
                return copy.ToBytes();
            case 3:
                var by = random.Number();
                what += $"moved by {by}";
                if (by == 0 || begin + by + tensor.Data.Length < 0) return null;
                copy.Tensors[index] = tensor with { Claimed = (begin + by, begin + by + tensor.Data.Length) };
                return copy.ToBytes();
            case 4:
                what += "again";
                copy.Tensors.Add(tensor);
                return copy.ToBytes();
            default:
                var bytes = copy.ToBytes();
                var length = random.Below(2) == 0 ? (ulong)random.Number() : BinaryPrimitives.ReadUInt64LittleEndian(bytes) +
                    (ulong)random.Below(200) - 100;
                what = $"header length {length}";
                if (length == BinaryPrimitives.ReadUInt64LittleEndian(bytes)) return null;
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
                return EditableModelFile.Reseal(bytes);
        }
    }

    private static Int128 Product(long[] shape)
        => shape.Aggregate((Int128)1, (product, dimension) => product > long.MaxValue ? product : product * dimension);

    /// <summary>The message of the error, or null where the file loaded.</summary>
    private static string? Load(byte[] file, int fileLength, string what)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        string? message = null;
        try
        {
            ModelFile.Load(new MemoryStream(file), Kinds);
        }
        catch (InvalidDataException e)
        {
            message = e.Message;
        }
        catch (Exception e)
        {
            Assert.Fail($"{what}: {e}");
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < (16L * fileLength) + 100_000, $"{what}: {allocated:N0} bytes allocated for a file of {fileLength:N0}.");
        return message;
    }

    private static void AssertUseful(string message, string what)
    {
        Assert.StartsWith("The model stream: ", message, StringComparison.Ordinal);
        Assert.True(message.Length is > 40 and < 1100, $"{what}: {message}");
        Assert.DoesNotContain(message, char.IsControl);
    }

    private static byte[] Save(object model)
    {
        using var stream = new MemoryStream();
        ModelFile.Save(stream, model, Kinds);
        return stream.ToArray();
    }

    private static ulong Seed(string name) => (ulong)Encoding.UTF8.GetBytes(name).Sum(b => (long)b) << 4;

    private sealed class Draws(ulong seed)
    {
        private static readonly long[] Edges = [0, 1, 2, 255, 65_536, int.MaxValue, 1L << 31, uint.MaxValue, 1L << 40, 1L << 61, 1L << 62,
            long.MaxValue - 1, long.MaxValue];
        private readonly Rng _rng = new(seed);
        private ulong _next;

        public int Below(int bound) => _rng.Below(_next++, bound);

        /// <summary>A number of any size, edges often.</summary>
        public long Number() => Below(2) == 0 ? Edges[Below(Edges.Length)] : Below(3) == 0 ? Below(100_000) : Below(64);
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Recsys.Persistence;

/// <summary>Where one tensor lies: bytes <paramref name="Begin"/>..<paramref name="End"/> of the data part.</summary>
internal sealed record TensorPlace(string Name, TensorType Type, long[] Shape, long Begin, long End)
{
    public int Count => (int)((End - Begin) / Type.Size);
}

/// <summary>
/// The safetensors layout: 8 bytes of little-endian header length, a JSON object, raw little-endian tensors without gaps.
/// https://huggingface.co/docs/safetensors (format section). Every number of a header that is read is taken for a lie until checked.
/// </summary>
internal sealed class FileHeader
{
    public const int LongestHeader = 16 << 20;
    public const string FormatPrefix = "recsys/";
    public const int FormatVersion = 1;
    private const int DigestDigits = 64;
    public const int MaxRank = 8;

    // A model may allocate by a dimension of an empty tensor, so it is bounded by the length of the file, or this.
    private const int MaxEmptyDimension = 1 << 16;

    // The root object, an entry, its shape.
    private const int MaxDepth = 3;

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<TensorPlace> _tensors = [];

    /// <summary>The metadata in file order.</summary>
    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<TensorPlace> Tensors => _tensors;

    /// <summary>The checksum that the file claims, 64 lower-case hexadecimal digits.</summary>
    public string Checksum { get; private set; } = "";

    /// <summary>Reads and checks the header; the source then stands at the first tensor, its hash fed with all before.</summary>
    public static FileHeader Read(ByteSource source)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (source.Length < 8)
            throw source.Invalid($"the file has {source.Length} bytes; a model file has at least 8. It is empty or truncated.");
        source.Read(prefix, hashed: true);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length is < 2 or > LongestHeader)
            throw source.Invalid($"the header length is {length}, not between 2 and {LongestHeader}; this is not a model file.");
        if (source.Length is { } total && (long)length > total - 8)
            throw source.Invalid($"the header of {length} bytes reaches past the end of the file of {total} bytes; it is truncated or " +
                "no model file.");

        var json = new byte[source.Length is null ? Math.Min((int)length, 1 << 16) : (int)length];
        for (var done = 0; done < (int)length; done = json.Length)
        {
            if (done > 0) Array.Resize(ref json, Math.Min((int)length, 2 * done));
            source.Read(json.AsSpan(done), hashed: false);
        }
        var header = new FileHeader();
        header.Parse(json, source);
        source.Hash(json);
        return header;
    }

    private void Parse(byte[] json, ByteSource source)
    {
        // safetensors demands it, and it turns most foreign files away with a plain message.
        if (json[0] != (byte)'{') throw source.Invalid("the header does not start with '{'; this is not a model file.");
        var raw = new List<RawTensor>();
        var digest = -1;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartObject)
                    throw source.Invalid($"the header entry {EntryName.Show(name)} is not an object.");
                if (name == EntryName.Metadata) ParseMetadata(ref reader, source, ref digest);
                else raw.Add(ParseTensor(ref reader, source, name));
            }
            while (reader.Read())
            {
                // Only white space may follow; anything else throws.
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // Without the parser's message: it may quote the whole hostile header.
            throw source.Invalid($"the header is not valid JSON, near byte {8 + reader.BytesConsumed} of the file; it is damaged or no " +
                "model file.");
        }
        CheckFormat(source);
        if (digest < 0) throw source.Invalid("the checksum is missing.");
        Checksum = Encoding.ASCII.GetString(json, digest, DigestDigits);
        json.AsSpan(digest, DigestDigits).Fill((byte)'0');
        CheckTensors(raw, source, json.Length);
    }

    private void ParseMetadata(ref Utf8JsonReader reader, ByteSource source, ref int digest)
    {
        if (_values.Count > 0) throw source.Invalid($"the header holds {EntryName.Metadata} twice.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (EntryName.Defect(name) is { } defect) throw source.Invalid($"the name of the entry {EntryName.Show(name)} {defect}.");
            reader.Read();
            if (reader.TokenType != JsonTokenType.String) throw source.Invalid($"the entry {EntryName.Show(name)} is not a string.");
            if (name == EntryName.Checksum)
            {
                var digits = reader.ValueSpan;
                if (digits.Length != DigestDigits || digits.ContainsAnyExcept(HexDigits))
                    throw source.Invalid($"the checksum is not {DigestDigits} lower-case hexadecimal digits.");
                digest = (int)reader.TokenStartIndex + 1;
            }
            if (!_values.TryAdd(name, reader.GetString()!))
                throw source.Invalid($"the entry {EntryName.Show(name)} stands twice in the header.");
        }
    }

    private readonly record struct RawTensor(string Name, string Type, long[] Shape, long Begin, long End);

    private static RawTensor ParseTensor(ref Utf8JsonReader reader, ByteSource source, string name)
    {
        var shown = EntryName.Show(name);
        if (EntryName.Defect(name) is { } defect) throw source.Invalid($"the name of the tensor {shown} {defect}.");
        string? type = null;
        long[]? shape = null, range = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.GetString()!;
            reader.Read();
            switch (field)
            {
                case "dtype" when type is null && reader.TokenType == JsonTokenType.String:
                    type = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ParseNumbers(ref reader, source, shown, field);
                    break;
                case "data_offsets" when range is null:
                    range = ParseNumbers(ref reader, source, shown, field);
                    break;
                default:
                    throw source.Invalid($"the header of the tensor {shown} has an unexpected or repeated field {EntryName.Show(field)}.");
            }
        }
        if (type is null || shape is null || range is not { Length: 2 })
            throw source.Invalid($"the header of the tensor {shown} needs a dtype, a shape and data_offsets of two numbers.");
        return new RawTensor(name, type, shape, range[0], range[1]);
    }

    private static long[] ParseNumbers(ref Utf8JsonReader reader, ByteSource source, string shown, string field)
    {
        Span<long> numbers = stackalloc long[MaxRank];
        var count = 0;
        if (reader.TokenType != JsonTokenType.StartArray) throw source.Invalid($"the {field} of the tensor {shown} is not an array.");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (count == MaxRank) throw source.Invalid($"the {field} of the tensor {shown} has more than {MaxRank} numbers.");
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                throw source.Invalid($"the {field} of the tensor {shown} holds something other than whole numbers of at least 0.");
            numbers[count++] = number;
        }
        return numbers[..count].ToArray();
    }

    private void CheckFormat(ByteSource source)
    {
        if (!_values.TryGetValue(EntryName.Format, out var format) || !format.StartsWith(FormatPrefix, StringComparison.Ordinal))
            throw source.Invalid($"the header has no entry '{EntryName.Format}' that starts with '{FormatPrefix}'; the file was not " +
                "written by Recsys.");
        if (!int.TryParse(format.AsSpan(FormatPrefix.Length), System.Globalization.NumberStyles.None, null, out var version) || version < 1)
            throw source.Invalid($"the format {EntryName.Show(format)} is unknown.");
        if (version > FormatVersion)
        {
            var writer = _values.TryGetValue(EntryName.Library, out var by) ? $"It was written by Recsys {EntryName.Show(by)}; " : "";
            throw source.Invalid($"the file has the format version {version}; Recsys {LibraryVersion} reads versions up to " +
                $"{FormatVersion}. " +
                $"{writer}update the package, or save the model again with this version.");
        }
    }

    private void CheckTensors(List<RawTensor> raw, ByteSource source, int headerLength)
    {
        raw.Sort(static (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        var names = new HashSet<string>(_values.Keys, StringComparer.Ordinal);
        var end = 0L;
        foreach (var tensor in raw)
        {
            var shown = EntryName.Show(tensor.Name);
            if (!names.Add(tensor.Name)) throw source.Invalid($"the entry {shown} stands twice in the header.");
            var type = TensorType.Find(tensor.Type)
                ?? throw source.Invalid($"the tensor {shown} has the unknown dtype {EntryName.Show(tensor.Type)}; known are " +
                    $"{TensorType.Names}.");
            var bytes = ByteCount(tensor.Shape, type.Size);
            if (tensor.End < tensor.Begin || bytes != tensor.End - tensor.Begin)
                throw source.Invalid($"the tensor {shown} of {type.Name} {EntryName.ShowShape(tensor.Shape)} needs " +
                    $"{(bytes < 0 ? "more than 2^63" : bytes)} bytes, but its data_offsets are [{tensor.Begin}, {tensor.End}].");
            if (tensor.Begin != end)
                throw source.Invalid($"the tensor {shown} starts at {tensor.Begin} of the data part, but what lies before it ends " +
                    $"at {end}: " +
                    (tensor.Begin < end ? "they overlap." : "there is a gap."));
            if (bytes / type.Size > Array.MaxLength)
                throw source.Invalid($"the tensor {shown} has {bytes / type.Size} elements, more than the {Array.MaxLength} of an array.");
            end = tensor.End;
            _tensors.Add(new TensorPlace(tensor.Name, type, tensor.Shape, tensor.Begin, tensor.End));
        }
        foreach (var tensor in raw)
            if (EmptyDefect(tensor.Shape, 8 + headerLength + end) is { } defect)
                throw source.Invalid($"the tensor {EntryName.Show(tensor.Name)} {defect}.");
        if (source.Length is { } total && total - 8 - headerLength != end)
            throw source.Invalid($"the header announces {end} bytes of tensors, but {total - 8 - headerLength} follow it; " +
                (total - 8 - headerLength < end ? "the file is truncated." : "something was added to the file."));
    }

    /// <summary>What is wrong with the shape of a tensor without elements, or null: no byte stands behind its other dimensions.</summary>
    public static string? EmptyDefect(ReadOnlySpan<long> shape, long fileLength)
    {
        if (!shape.Contains(0)) return null;
        var most = Math.Max(fileLength, MaxEmptyDimension);
        foreach (var dimension in shape)
            if (dimension > most)
                return $"is empty but has a dimension of {dimension}, more than {most}, which the length of the file justifies";
        return null;
    }

    /// <summary>Bytes of that many elements, -1 where they do not fit a long.</summary>
    public static long ByteCount(ReadOnlySpan<long> shape, int size)
    {
        // A zero anywhere makes the product zero, however large the rest.
        if (shape.Contains(0)) return 0;
        Int128 bytes = size;
        foreach (var dimension in shape)
        {
            bytes *= dimension;
            if (bytes > long.MaxValue) return -1;
        }
        return (long)bytes;
    }

    public static string LibraryVersion { get; } = typeof(FileHeader).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>The length prefix and the header with a checksum of zeros, and where its digits stand.</summary>
    public static (byte[] Bytes, int DigestPosition) Write(
        IEnumerable<KeyValuePair<string, string>> values, IEnumerable<TensorPlace> tensors)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write(new byte[8]);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject(EntryName.Metadata);
            json.WriteString(EntryName.Format, FormatPrefix + FormatVersion);
            json.WriteString(EntryName.Checksum, new string('0', DigestDigits));
            json.WriteString(EntryName.Library, LibraryVersion);
            foreach (var (name, value) in values) json.WriteString(name, value);
            json.WriteEndObject();
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.Name);
                json.WriteStartArray("shape");
                foreach (var dimension in tensor.Shape) json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(tensor.Begin);
                json.WriteNumberValue(tensor.End);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // The data part starts at a multiple of 8, so that a mapped file is aligned.
        var padded = (buffer.WrittenCount + 7) & ~7;
        var bytes = new byte[padded];
        buffer.WrittenSpan.CopyTo(bytes);
        bytes.AsSpan(buffer.WrittenCount).Fill((byte)' ');
        if (padded - 8 > LongestHeader)
            throw new InvalidOperationException($"The names and values of the model take {padded - 8} bytes; a header holds at most " +
                $"{LongestHeader}. " +
                "Write large texts with Texts(name, list), which stores them as tensors.");
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)(padded - 8));
        var position = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(new string('0', DigestDigits)));
        return (bytes, position);
    }
}

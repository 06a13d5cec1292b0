using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Recsys.Tests.Persistence;

/// <summary>
/// A model file taken apart, changed and put together again with a valid checksum, so that the checks behind the checksum are reached.
/// Written against the format alone, with none of the library's code, so it is also a second opinion on the layout.
/// </summary>
internal sealed class EditableModelFile
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public List<(string Name, string Value)> Values { get; init; } = [];

    public List<Tensor> Tensors { get; init; } = [];

    public sealed record Tensor(string Name, string Type, long[] Shape, byte[] Data)
    {
        /// <summary>Offsets that the header claims instead of the true ones.</summary>
        public (long Begin, long End)? Claimed { get; init; }
    }

    public static EditableModelFile Parse(byte[] file)
    {
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using var json = JsonDocument.Parse(file.AsMemory(8, length));
        var values = new List<(string, string)>();
        var tensors = new List<(long, Tensor)>();
        foreach (var entry in json.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                values.AddRange(entry.Value.EnumerateObject().Select(value => (value.Name, value.Value.GetString()!)));
                continue;
            }
            var range = entry.Value.GetProperty("data_offsets");
            var (begin, end) = (range[0].GetInt32(), range[1].GetInt32());
            var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64()).ToArray();
            tensors.Add((begin, new(entry.Name, entry.Value.GetProperty("dtype").GetString()!, shape,
                file[(8 + length + begin)..(8 + length + end)])));
        }
        return new() { Values = values, Tensors = [.. tensors.OrderBy(pair => pair.Item1).Select(pair => pair.Item2)] };
    }

    public EditableModelFile Copy() => new() { Values = [.. Values], Tensors = [.. Tensors] };

    public EditableModelFile With(Action<EditableModelFile> edit)
    {
        var copy = Copy();
        edit(copy);
        return copy;
    }

    public void Set(string name, string value) => Values[Values.FindIndex(entry => entry.Name == name)] = (name, value);

    public void Set(string name, Func<Tensor, Tensor> change)
    {
        var index = Tensors.FindIndex(tensor => tensor.Name == name);
        Tensors[index] = change(Tensors[index]);
    }

    public byte[] ToBytes() => Seal(Header(), [.. Tensors.SelectMany(tensor => tensor.Data)]);

    /// <summary>The header as text, to be edited by hand and given to <see cref="Seal(string, byte[])"/>.</summary>
    public string Header()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (name, value) in Values) json.WriteString(name, value);
            json.WriteEndObject();
            var end = 0L;
            foreach (var tensor in Tensors)
            {
                var claimed = tensor.Claimed ?? (end, end + tensor.Data.Length);
                end += tensor.Data.Length;
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type);
                json.WriteStartArray("shape");
                foreach (var dimension in tensor.Shape) json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(claimed.Item1);
                json.WriteNumberValue(claimed.Item2);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    public byte[] Data() => [.. Tensors.SelectMany(tensor => tensor.Data)];

    public static byte[] Seal(string header, byte[] data) => Seal(Encoding.UTF8.GetBytes(header), data);

    public static byte[] Seal(byte[] header, byte[] data)
    {
        var file = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        data.CopyTo(file, 8 + header.Length);
        return Reseal(file);
    }

    /// <summary>Puts the right checksum into the file, where a checksum entry can be found.</summary>
    public static byte[] Reseal(byte[] file)
    {
        var key = file.AsSpan().IndexOf("\"checksum\":\""u8);
        if (key < 0 || key + 12 + 64 > file.Length) return file;
        var digits = file.AsSpan(key + 12, 64);
        digits.Fill((byte)'0');
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(file))).CopyTo(digits);
        return file;
    }
}

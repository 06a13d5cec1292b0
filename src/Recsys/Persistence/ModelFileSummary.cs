using System.Globalization;
using System.Text;

namespace Recsys.Persistence;

/// <summary>What the header of a model file says. Its text form is a table for people.</summary>
/// <param name="Kind">The kind of the model.</param>
/// <param name="Version">The version of that kind, from 1.</param>
/// <param name="Library">The version of this library that wrote the file.</param>
/// <param name="Length">Bytes of the whole file, or of header and tensors where a stream does not tell.</param>
/// <param name="Checksum">SHA-256 of the file with these digits as zeros, 64 lower-case hexadecimal digits.</param>
/// <param name="Values">The small entries by full name, in file order, those of nested models included.</param>
/// <param name="Tensors">The tensors in file order.</param>
public sealed record ModelFileSummary(
    string Kind, int Version, string Library, long Length, string Checksum, IReadOnlyDictionary<string, string> Values,
        IReadOnlyList<TensorSummary> Tensors)
{
    /// <summary>A table: the kind, then one line for each value and each tensor.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Kind} version {Version}, {Length:N0} bytes, written by Recsys {Library}\n");
        var width = Math.Min(60, Values.Keys.Concat(Tensors.Select(tensor => tensor.Name)).Select(name => name.Length).DefaultIfEmpty(0)
            .Max());
        foreach (var (name, value) in Values)
            text.Append("  ").Append(name.PadRight(width)).Append("  ").Append(EntryName.Show(value)[1..^1]).Append('\n');
        foreach (var tensor in Tensors)
        {
            var shape = EntryName.ShowShape([.. tensor.Shape]);
            text.Append("  ").Append(tensor.Name.PadRight(width));
            text.Append(CultureInfo.InvariantCulture, $"  {tensor.Type,-4} {shape}, {tensor.Bytes:N0} bytes\n");
        }
        return text.ToString();
    }

    internal static ModelFileSummary Of(FileHeader header, ByteSource source)
    {
        var values = new Dictionary<string, string>(header.Values, StringComparer.Ordinal);
        values.Remove(EntryName.Format);
        values.Remove(EntryName.Checksum);
        if (!values.Remove(EntryName.Library, out var library)) library = "unknown";
        if (!values.Remove(EntryName.Kind, out var kind)) throw source.Invalid($"the entry '{EntryName.Kind}' is missing.");
        if (!values.Remove(EntryName.Version, out var text) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture,
            out var version) || version < 1)
            throw source.Invalid($"the entry '{EntryName.Version}' is missing or no whole number of at least 1.");
        var tensors = header.Tensors.Select(place => new TensorSummary(place.Name, place.Type.Name, place.Shape, place.End - place.Begin))
            .ToArray();
        return new(kind, version, library, source.Length ?? source.Position + tensors.Sum(tensor => tensor.Bytes), header.Checksum, values,
            tensors);
    }
}

/// <summary>One tensor of a file.</summary>
/// <param name="Name">The full name.</param>
/// <param name="Type">The safetensors name of the element type: F32, I64, U8, …</param>
/// <param name="Shape">The length of each dimension.</param>
/// <param name="Bytes">Bytes of its elements.</param>
public sealed record TensorSummary(string Name, string Type, IReadOnlyList<long> Shape, long Bytes);

using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Recsys.Persistence;

/// <summary>
/// Collects the entries of one model file: small values by name, and tensors. Names are unique within their scope; the full name of an
/// entry is its scopes and its name joined by dots. Arrays are kept, not copied: they must not change until the file is written. Not
/// thread-safe.
/// </summary>
public sealed class ModelWriter
{
    internal const int MaxDepth = 16;

    private readonly Content _content;
    private readonly string _prefix;
    private readonly int _depth;

    internal ModelWriter(ModelKinds kinds) : this(new Content(kinds), "", 0) { }

    private ModelWriter(Content content, string prefix, int depth) => (_content, _prefix, _depth) = (content, prefix, depth);

    /// <summary>Writes a text.</summary>
    /// <param name="name">Not empty, at most 512 characters with its scopes, no control characters, unique.</param>
    /// <param name="value">Any valid Unicode text. For many or long texts use <see cref="Texts"/>.</param>
    /// <exception cref="ArgumentException">The name is invalid, reserved (kind, version, format, library, checksum) or taken, or the text
    /// holds half a surrogate pair.</exception>
    public void Text(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!EntryName.IsText(value))
            throw new ArgumentException($"The text of the entry {EntryName.Show(name)} is not valid Unicode.", nameof(value));
        Add(Reserve(name), value);
    }

    /// <summary>Writes a whole number.</summary>
    /// <inheritdoc cref="Text" path="/exception"/>
    public void Integer(string name, long value) => Text(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Writes a real number; it comes back with the same bits.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Text"/>, or the value is NaN or infinite.</exception>
    public void Real(string name, double value)
    {
        if (!double.IsFinite(value))
            throw new ArgumentException($"The entry {EntryName.Show(name)} is {value}; it must be finite.", nameof(value));
        Text(name, value.ToString("R", CultureInfo.InvariantCulture));
    }

    /// <summary>Writes true or false.</summary>
    /// <inheritdoc cref="Text" path="/exception"/>
    public void Flag(string name, bool value) => Text(name, value ? "true" : "false");

    /// <summary>Writes a named value of an enumeration, by its name.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Text"/>, or the value has no name.</exception>
    public void Choice<T>(string name, T value) where T : struct, Enum
        => Text(name, Enum.GetName(value) ?? throw new ArgumentException($"{value} is not a named {typeof(T).Name}.", nameof(value)));

    /// <summary>
    /// Writes a tensor of float, double, Half, sbyte, short, int, long, byte, ushort, uint, ulong or bool. Floating-point values must be
    /// finite.
    /// </summary>
    /// <param name="name">As for <see cref="Text"/>.</param>
    /// <param name="data">The elements, row-major; kept until the file is written.</param>
    /// <param name="shape">Lengths of the dimensions, at most 8; their product is the length of the data. Empty means one
    /// dimension.</param>
    /// <exception cref="ArgumentException">The name is invalid or taken, the shape does not fit the data, or a value is NaN or
    /// infinite.</exception>
    public void Tensor<T>(string name, T[] data, params ReadOnlySpan<long> shape) where T : unmanaged
        => Tensor(name, data, allowNonFinite: false, shape);

    /// <inheritdoc cref="Tensor{T}(string, T[], ReadOnlySpan{long})"/>
    public void Tensor<T>(string name, ReadOnlyMemory<T> data, params ReadOnlySpan<long> shape) where T : unmanaged
        => Tensor(name, data, allowNonFinite: false, shape);

    /// <summary>Writes a tensor that may hold NaN or infinite values, if asked; its reader must ask for them too.</summary>
    /// <inheritdoc cref="Tensor{T}(string, T[], ReadOnlySpan{long})"/>
    public void Tensor<T>(string name, T[] data, bool allowNonFinite, params ReadOnlySpan<long> shape) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        Tensor(name, new ReadOnlyMemory<T>(data), allowNonFinite, shape);
    }

    /// <inheritdoc cref="Tensor{T}(string, T[], bool, ReadOnlySpan{long})"/>
    public void Tensor<T>(string name, ReadOnlyMemory<T> data, bool allowNonFinite, params ReadOnlySpan<long> shape) where T : unmanaged
    {
        var type = TensorType.Of<T>();
        var full = Reserve(name);
        var dimensions = shape.IsEmpty ? [data.Length] : shape.ToArray();
        var bytes = (long)data.Length * type.Size;
        if (dimensions.Length > FileHeader.MaxRank || Array.Exists(dimensions, d => d < 0)
            || FileHeader.ByteCount(dimensions, type.Size) != bytes)
            throw new ArgumentException($"The tensor {EntryName.Show(full)} has {data.Length} elements, which do not fill the shape " +
                $"{EntryName.ShowShape(dimensions)}; at most {FileHeader.MaxRank} dimensions are allowed.", nameof(shape));
        var bad = allowNonFinite ? -1 : type.FirstNonFinite(data.Span);
        if (bad >= 0)
            throw new ArgumentException($"The tensor {EntryName.Show(full)} holds {data.Span[bad]} at index {bad}; a model is saved " +
                "with finite values only.",
                nameof(data));
        Claim(full);
        _content.Tensors.Add(new(full, type, dimensions, bytes, sink => type.Emit(data.Span, sink)));
    }

    /// <summary>Writes a list of texts as two tensors: <c>name.bytes</c> (UTF-8, one after the other) and <c>name.offsets</c> (count +
    /// 1).</summary>
    /// <exception cref="ArgumentException">The name is invalid or taken, a text is not valid Unicode, or all together take more than 2
    /// GB.</exception>
    public void Texts(string name, IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var offsets = new long[values.Count + 1];
        for (var i = 0; i < values.Count; i++)
        {
            if (!EntryName.IsText(values[i]))
                throw new ArgumentException($"Text {i} of {EntryName.Show(name)} is not valid Unicode.", nameof(values));
            offsets[i + 1] = offsets[i] + Encoding.UTF8.GetByteCount(values[i]);
        }
        if (offsets[^1] > Array.MaxLength)
            throw new ArgumentException($"The texts of {EntryName.Show(name)} take {offsets[^1]} bytes, more than {Array.MaxLength}.",
                nameof(values));
        var bytes = new byte[offsets[^1]];
        for (var i = 0; i < values.Count; i++) Encoding.UTF8.GetBytes(values[i], bytes.AsSpan((int)offsets[i]));
        var scope = Scope(name);
        scope.Tensor("offsets", offsets);
        scope.Tensor("bytes", bytes);
    }

    /// <summary>A writer whose entries stand under that name.</summary>
    public ModelWriter Scope(string name) => new(_content, Full(name) + ".", _depth);

    /// <summary>Writes a model inside this one, with its own kind and version.</summary>
    /// <exception cref="InvalidOperationException">More than 16 models lie in one another.</exception>
    public void Model<T>(string name, T model) where T : IModel<T>
    {
        ArgumentNullException.ThrowIfNull(model);
        Nested(name).Root(T.Kind, T.Version, model.Write);
    }

    /// <summary>Writes a model of any kind of the list that the file is saved with, inside this one.</summary>
    /// <exception cref="ArgumentException">The type of the model is not in the list of kinds.</exception>
    /// <exception cref="InvalidOperationException">More than 16 models lie in one another.</exception>
    public void Model(string name, object model)
    {
        var kind = _content.Kinds.Of(model);
        Nested(name).Root(kind.Name, kind.Version, writer => kind.Write(writer, model));
    }

    internal void Root(string kind, int version, Action<ModelWriter> write)
    {
        Add(_prefix + EntryName.Kind, kind);
        Add(_prefix + EntryName.Version, version.ToString(CultureInfo.InvariantCulture));
        write(this);
    }

    private ModelWriter Nested(string name)
        => _depth < MaxDepth
            ? new(_content, Full(name) + ".", _depth + 1)
            : throw new InvalidOperationException($"More than {MaxDepth} models lie in one another at {EntryName.Show(_prefix + name)}.");

    private string Full(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var full = _prefix + name;
        if (name.Length == 0 || EntryName.Defect(full) is not null)
            throw new ArgumentException($"The name {EntryName.Show(full)} {EntryName.Defect(name.Length == 0 ? name : full)}.",
                nameof(name));
        return full;
    }

    private string Reserve(string name)
        => EntryName.IsReserved(name)
            ? throw new ArgumentException($"The name '{name}' is reserved; choose another.", nameof(name))
            : Full(name);

    private void Add(string full, string value)
    {
        Claim(full);
        _content.Values.Add(new(full, value));
    }

    private void Claim(string full)
    {
        if (!_content.Names.Add(full)) throw new ArgumentException($"The entry {EntryName.Show(full)} is written twice.");
    }

    internal void WriteTo(Action<long>? announce, Action<ReadOnlySpan<byte>> sink)
    {
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("Model files need a little-endian machine.");

        // Larger elements first keeps every tensor aligned to its element without padding, which the layout does not have.
        var tensors = _content.Tensors.OrderByDescending(tensor => tensor.Type.Size).ToArray();
        var places = new TensorPlace[tensors.Length];
        var end = 0L;
        for (var i = 0; i < tensors.Length; i++)
            places[i] = new(tensors[i].Name, tensors[i].Type, tensors[i].Shape, end, end += tensors[i].Bytes);

        var (header, digest) = FileHeader.Write(_content.Values, places);
        foreach (var place in places)
            if (FileHeader.EmptyDefect(place.Shape, header.Length + end) is { } defect)
                throw new InvalidOperationException($"The tensor {EntryName.Show(place.Name)} {defect}; no file could be loaded.");
        announce?.Invoke(header.Length + end);
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            hash.AppendData(header);
            foreach (var tensor in tensors) tensor.Emit(hash.AppendData);
            Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash.GetHashAndReset())).CopyTo(header, digest);
        }
        sink(header);
        foreach (var tensor in tensors) tensor.Emit(sink);
    }

    private sealed record Stored(string Name, TensorType Type, long[] Shape, long Bytes, Action<Action<ReadOnlySpan<byte>>> Emit);

    private sealed class Content(ModelKinds kinds)
    {
        public ModelKinds Kinds { get; } = kinds;

        public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

        public List<KeyValuePair<string, string>> Values { get; } = [];

        public List<Stored> Tensors { get; } = [];
    }
}

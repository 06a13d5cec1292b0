using System.Globalization;
using Recsys.Numerics;

namespace Recsys.Persistence;

/// <summary>
/// Gives the entries of one model file. The file has been checked as a whole (layout and checksum) before a model sees it, but a checksum
/// can be forged: a model checks that what it reads makes sense, with the helpers here. Every entry must be read; each can be read once.
/// Every error is an <see cref="InvalidDataException"/> that names the file and the entry. Not thread-safe.
/// </summary>
public sealed partial class ModelReader
{
    private readonly Content _content;
    private readonly string _prefix;
    private readonly int _depth;

    private ModelReader(Content content, string prefix, int depth, int version)
        => (_content, _prefix, _depth, Version) = (content, prefix, depth, version);

    /// <summary>The version of the model that this reader belongs to, from 1 to that of the model's type.</summary>
    public int Version { get; }

    /// <summary>Bytes of the whole file: a bound for what a model may allocate.</summary>
    public long FileLength => _content.Length;

    /// <summary>Whether there is an entry of that name. An optional entry is better announced by a flag: the loss of one is noticed
    /// then.</summary>
    public bool Has(string name) => _content.Values.ContainsKey(_prefix + name) || _content.Tensors.ContainsKey(_prefix + name);

    /// <summary>A reader for the entries under that name.</summary>
    public ModelReader Scope(string name) => new(_content, _prefix + name + ".", _depth, Version);

    /// <summary>Reads a text.</summary>
    /// <exception cref="InvalidDataException">The entry is missing.</exception>
    public string Text(string name)
        => _content.Values.Remove(_prefix + name, out var value) ? value : throw Missing(name, "a value");

    /// <summary>Reads a whole number.</summary>
    /// <exception cref="InvalidDataException">The entry is missing, is no whole number or lies outside the bounds.</exception>
    public long Integer(string name, long minimum = long.MinValue, long maximum = long.MaxValue)
    {
        var text = Text(name);
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            throw Bad(name, text, "a whole number");
        return value >= minimum && value <= maximum ? value : throw Bad(name, text, $"between {minimum} and {maximum}");
    }

    /// <summary>Reads a whole number of 32 bits.</summary>
    /// <inheritdoc cref="Integer" path="/exception"/>
    public int Int32(string name, int minimum = int.MinValue, int maximum = int.MaxValue) => (int)Integer(name, minimum, maximum);

    /// <summary>
    /// Reads the number of things that a model holds, 0 or more. It is bounded by the bytes of the file, so that a forged number cannot
    /// make a model allocate what the file does not justify; so each thing must take at least one byte of the file.
    /// </summary>
    /// <inheritdoc cref="Integer" path="/exception"/>
    public int Count(string name) => (int)Integer(name, 0, Math.Min(_content.Length, Array.MaxLength));

    /// <summary>Reads a finite real number.</summary>
    /// <exception cref="InvalidDataException">The entry is missing, is no finite number or lies outside the bounds.</exception>
    public double Real(string name, double minimum = double.MinValue, double maximum = double.MaxValue)
    {
        var text = Text(name);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
            throw Bad(name, text, "a finite number");
        return value >= minimum && value <= maximum
            ? value
            : throw Bad(name, text, FormattableString.Invariant($"between {minimum} and {maximum}"));
    }

    /// <summary>Reads a real number that is finite as a <see cref="float"/>.</summary>
    /// <inheritdoc cref="Real" path="/exception"/>
    public float Single(string name, float minimum = float.MinValue, float maximum = float.MaxValue) => (float)Real(name, minimum, maximum);

    /// <summary>Reads true or false.</summary>
    /// <exception cref="InvalidDataException">The entry is missing or neither.</exception>
    public bool Flag(string name) => Text(name) switch
    {
        "true" => true,
        "false" => false,
        var text => throw Bad(name, text, "true or false"),
    };

    /// <summary>Reads a named value of an enumeration.</summary>
    /// <exception cref="InvalidDataException">The entry is missing or no name of the enumeration.</exception>
    public T Choice<T>(string name) where T : struct, Enum
    {
        var text = Text(name);
        return Enum.TryParse<T>(text, out var value) && Enum.GetName(value) == text
            ? value
            : throw Bad(name, text, $"one of {string.Join(", ", Enum.GetNames<T>())}");
    }

    /// <summary>The shape of a tensor that has not been read yet.</summary>
    /// <exception cref="InvalidDataException">The tensor is missing.</exception>
    public ReadOnlySpan<long> Shape(string name)
        => _content.Tensors.TryGetValue(_prefix + name, out var stored) ? stored.Place.Shape : throw Missing(name, "a tensor");

    /// <summary>Reads a tensor; floating-point values are finite. The array belongs to the caller.</summary>
    /// <param name="name">The name within this scope.</param>
    /// <param name="shape">The expected length of each dimension, -1 for any; empty for one dimension of any length.</param>
    /// <exception cref="InvalidDataException">The tensor is missing, has another element type or shape, or holds NaN or an infinite
    /// value.</exception>
    public T[] Tensor<T>(string name, params ReadOnlySpan<long> shape) where T : unmanaged => Tensor<T>(name, allowNonFinite: false, shape);

    /// <summary>Reads a tensor that may hold NaN and infinite values, if asked.</summary>
    /// <inheritdoc cref="Tensor{T}(string, ReadOnlySpan{long})"/>
    public T[] Tensor<T>(string name, bool allowNonFinite, params ReadOnlySpan<long> shape) where T : unmanaged
    {
        var type = TensorType.Of<T>();
        if (shape.IsEmpty) shape = [-1];
        if (!_content.Tensors.TryGetValue(_prefix + name, out var stored))
            throw Missing(name, $"a tensor of {type.Name} {EntryName.ShowShape(shape)}");
        var (place, data) = stored;
        var fits = place.Type == type && place.Shape.Length == shape.Length;
        for (var i = 0; fits && i < shape.Length; i++) fits = shape[i] < 0 || shape[i] == place.Shape[i];
        if (!fits)
            throw Invalid($"the tensor {EntryName.Show(_prefix + name)} must be {type.Name} {EntryName.ShowShape(shape)}, " +
                $"but it is {place.Type.Name} {EntryName.ShowShape(place.Shape)}.");
        var values = (T[])data;
        var bad = allowNonFinite ? -1 : type.FirstNonFinite(values);
        if (bad >= 0) throw Invalid($"the tensor {EntryName.Show(_prefix + name)} holds {values[bad]} at index {bad}; it must be finite.");
        _content.Tensors.Remove(_prefix + name);
        return values;
    }

    /// <summary>
    /// Reads a tensor of floats, or where the file is mapped leaves it in the file: then <paramref name="mapped"/> has the values, which
    /// are not checked to be finite.
    /// </summary>
    internal float[] TensorOrMapped(string name, out MappedFloats? mapped, params ReadOnlySpan<long> shape)
    {
        mapped = null;
        if (_content.Mapped is not { } floats || _content.MappedName != _prefix + name) return Tensor<float>(name, shape);
        var actual = Shape(name);
        if (!actual.SequenceEqual(shape))
            throw Invalid($"the tensor {EntryName.Show(_prefix + name)} must be {EntryName.ShowShape(shape)}, but it is " +
                $"{EntryName.ShowShape(actual)}.");
        _content.Tensors.Remove(_prefix + name);
        mapped = floats;
        return [];
    }

    /// <summary>Reads a model of that kind inside this one.</summary>
    /// <exception cref="InvalidDataException">It is missing, of another kind, of a newer version, or itself invalid.</exception>
    public T Model<T>(string name) where T : IModel<T>
    {
        var kind = Inner(name).Text(EntryName.Kind);
        if (kind != T.Kind)
            throw Invalid($"{Where(name)} must hold a model of the kind '{T.Kind}', but it holds {EntryName.Show(kind)}.");
        return T.Read(Nested(name, kind, T.Version));
    }

    /// <summary>Reads a model of any kind of the list that the file is loaded with, inside this one.</summary>
    /// <exception cref="InvalidDataException">It is missing, of a kind outside the list, of a newer version, or itself invalid.</exception>
    public object Model(string name) => Model(name, Inner(name).Text(EntryName.Kind));

    /// <summary>An error of this file, with its name before the message. For what only the model can check.</summary>
    /// <param name="message">What is wrong, with the entry's name, the value and the rule.</param>
    public InvalidDataException Invalid(string message) => _content.Invalid(message);

    private object Model(string name, string kind)
    {
        var entry = _content.Kinds.Find(kind)
            ?? throw Invalid($"{Where(name)} holds a model of the kind {EntryName.Show(kind)}, which is not in the list of kinds " +
                $"({string.Join(", ", _content.Kinds.Names)}); add it with ModelKinds.With<T>() and pass that list.");
        return entry.Read(Nested(name, kind, entry.Version));
    }

    // The model of the file itself has no name.
    private ModelReader Inner(string name) => name.Length == 0 ? this : Scope(name);

    private ModelReader Nested(string name, string kind, int newest)
    {
        var scope = Inner(name);
        if (_depth > ModelWriter.MaxDepth) throw Invalid($"more than {ModelWriter.MaxDepth} models lie in one another at {Where(name)}.");
        var version = scope.Int32(EntryName.Version, 1);
        if (version > newest)
            throw Invalid($"{Where(name)} holds a {EntryName.Show(kind)} model of version {version}, but Recsys " +
                $"{FileHeader.LibraryVersion} reads versions " +
                $"up to {newest}. The file was written by Recsys {EntryName.Show(_content.Library)}: update the package to that " +
                    "version, or save the model " +
                "again with this one.");
        return new(_content, scope._prefix, _depth + 1, version);
    }

    private string Where(string name) => _prefix.Length + name.Length == 0 ? "the file" : $"the entry {EntryName.Show(_prefix + name)}";

    private InvalidDataException Missing(string name, string what)
    {
        var full = _prefix + name;
        return Invalid(_content.Seen.Contains(full) && !Has(name)
            ? $"the entry {EntryName.Show(full)} is read twice."
            : $"the entry {EntryName.Show(full)} is missing or is not {what}.");
    }

    private InvalidDataException Bad(string name, string text, string rule)
        => Invalid($"the entry {EntryName.Show(_prefix + name)} is {EntryName.Show(text)}; it must be {rule}.");

    /// <summary>Reads the whole file, checks it, and builds the model.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="source">What error messages call it.</param>
    /// <param name="kinds">The kinds of models that may lie inside.</param>
    /// <param name="build">Makes the model of what was read.</param>
    /// <param name="mappedName">A tensor of floats that stays in the file, if there is one of that name, or null.</param>
    /// <param name="map">Maps it: where in the file it begins, how many floats.</param>
    internal static object Load(
        Stream stream, string source, ModelKinds kinds, Func<ModelReader, object> build, string? mappedName = null,
        Func<long, int, MappedFloats>? map = null)
    {
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("Model files need a little-endian machine.");
        using var bytes = new ByteSource(stream, source);
        var header = FileHeader.Read(bytes);
        var content = new Content(bytes, header, kinds);
        foreach (var place in header.Tensors)
        {
            if (map is not null && place.Name == mappedName && place.Type == TensorType.Of<float>())
            {
                (content.Mapped, content.MappedName) = (map(bytes.Position, place.Count), mappedName);
                content.Tensors.Add(place.Name, new(place, Array.Empty<float>()));
                bytes.Skip(place.End - place.Begin);
                continue;
            }
            content.Tensors.Add(place.Name, new(place, place.Type.Read(bytes, place.Count, bytes.Length is not null, place.Name)));
        }
        bytes.ExpectEnd();
        if (bytes.FinishHash() != header.Checksum)
            throw bytes.Invalid("the checksum does not match: the file was damaged or changed after it was saved.");
        content.Length = bytes.Position;

        try
        {
            var model = build(new ModelReader(content, "", 0, 0));
            content.ExpectAllRead();
            return model;
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith(source, StringComparison.Ordinal))
        {
            throw bytes.Invalid(e.Message, e);
        }
        catch (Exception e)
            when (e is ArgumentException or ArithmeticException or FormatException or IndexOutOfRangeException or KeyNotFoundException)
        {
            // What a model's own guards say about values that cannot be: for the caller the file is at fault.
            throw bytes.Invalid($"the values do not make a valid model ({e.Message.ReplaceLineEndings(" ")}).", e);
        }
    }

    internal static T Root<T>(ModelReader reader) where T : IModel<T> => reader.Model<T>("");

    internal static object Root(ModelReader reader) => reader.Model("");

    private sealed record Stored(TensorPlace Place, Array Data);

    private sealed class Content
    {
        private readonly string _source;

        public Content(ByteSource source, FileHeader header, ModelKinds kinds)
        {
            _source = source.Name;
            Kinds = kinds;
            Values = new(header.Values, StringComparer.Ordinal);
            Values.Remove(EntryName.Format);
            Values.Remove(EntryName.Checksum);
            Library = Values.Remove(EntryName.Library, out var library) ? library : "unknown";
            Seen = [.. Values.Keys, .. header.Tensors.Select(tensor => tensor.Name)];
        }

        public ModelKinds Kinds { get; }

        public string Library { get; }

        public long Length { get; set; }

        public Dictionary<string, string> Values { get; }

        public Dictionary<string, Stored> Tensors { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Seen { get; }

        public MappedFloats? Mapped { get; set; }

        public string? MappedName { get; set; }

        public InvalidDataException Invalid(string message) => new($"{_source}: {EntryName.Plain(message)}");

        public void ExpectAllRead()
        {
            var left = Tensors.Keys.Concat(Values.Keys).Order(StringComparer.Ordinal).ToArray();
            if (left.Length > 0)
                throw Invalid($"the entry {EntryName.Show(left[0])} is not part of this model" +
                    (left.Length == 1 ? "." : $", nor are {left.Length - 1} more."));
        }
    }
}

namespace Recsys.Persistence;

/// <summary>
/// Saves and loads models. The layout is that of safetensors: readable from Python, and nothing in a file is executed. A file carries a
/// SHA-256 checksum of itself, which finds every damaged bit; it is no signature, so it does not say who wrote the file. Loading treats the
/// bytes as hostile: a bad file gives an <see cref="InvalidDataException"/> and takes no more memory than a small multiple of its length.
/// All methods are thread-safe.
/// </summary>
public static class ModelFile
{
    /// <summary>
    /// Saves a model. The file is written beside the target under a temporary name, flushed to disk and renamed: whatever happens on the
    /// way (a full disk, a killed process), a file that was there before stays whole. A kill may leave a file behind whose name ends in
    /// <c>.tmp</c>.
    /// </summary>
    /// <param name="path">Where to; the folder must exist. A file there is replaced; a link is followed.</param>
    /// <param name="model">The model.</param>
    /// <param name="kinds">The kinds of models that may lie inside it; <see cref="ModelKinds.Standard"/> if null.</param>
    /// <exception cref="IOException">The file cannot be written; what was there before is unchanged.</exception>
    public static void Save<T>(string path, T model, ModelKinds? kinds = null) where T : IModel<T>
        => AtomicFile.Write(path, Collect(model, kinds));

    /// <summary>Saves a model of any kind of the list.</summary>
    /// <exception cref="ArgumentException">The type of the model is not in the list of kinds.</exception>
    /// <inheritdoc cref="Save{T}(string, T, ModelKinds?)"/>
    public static void Save(string path, object model, ModelKinds? kinds = null) => AtomicFile.Write(path, Collect(model, kinds));

    /// <summary>Writes a model to a stream at its position; the stream stays open.</summary>
    public static void Save<T>(Stream stream, T model, ModelKinds? kinds = null) where T : IModel<T>
        => Write(stream, Collect(model, kinds));

    /// <summary>Writes a model of any kind of the list to a stream at its position; the stream stays open.</summary>
    /// <exception cref="ArgumentException">The type of the model is not in the list of kinds.</exception>
    public static void Save(Stream stream, object model, ModelKinds? kinds = null) => Write(stream, Collect(model, kinds));

    /// <summary>Loads a model of a known type.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kinds">The kinds of models that may lie inside it; <see cref="ModelKinds.Standard"/> if null.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of another kind, or of a newer version; the message says which and
    /// where.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static T Load<T>(string path, ModelKinds? kinds = null) where T : IModel<T>
    {
        using var stream = Open(path);
        return Load<T>(stream, kinds);
    }

    /// <summary>Loads a model of any kind of the list.</summary>
    /// <inheritdoc cref="Load{T}(string, ModelKinds?)"/>
    public static object Load(string path, ModelKinds? kinds = null)
    {
        using var stream = Open(path);
        return Load(stream, kinds);
    }

    /// <summary>Loads a model of a known type from a stream, from its position to its end; the stream stays open and need not
    /// seek.</summary>
    /// <inheritdoc cref="Load{T}(string, ModelKinds?)"/>
    public static T Load<T>(Stream stream, ModelKinds? kinds = null) where T : IModel<T>
        => (T)ModelReader.Load(stream, Name(stream), kinds ?? ModelKinds.Standard, static reader => ModelReader.Root<T>(reader));

    /// <summary>Loads a model of any kind of the list from a stream, from its position to its end; the stream stays open and need not
    /// seek.</summary>
    /// <inheritdoc cref="Load{T}(string, ModelKinds?)"/>
    public static object Load(Stream stream, ModelKinds? kinds = null)
        => ModelReader.Load(stream, Name(stream), kinds ?? ModelKinds.Standard, ModelReader.Root);

    /// <summary>
    /// What a file holds, for people and tools: reads the header alone, so it is quick for any size. The layout is checked, the checksum is
    /// not (loading does that).
    /// </summary>
    /// <exception cref="InvalidDataException">The file is no model file, or its header is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelFileSummary Inspect(string path)
    {
        using var stream = Open(path);
        return Inspect(stream);
    }

    /// <inheritdoc cref="Inspect(string)"/>
    public static ModelFileSummary Inspect(Stream stream)
    {
        using var source = new ByteSource(stream, Name(stream));
        return ModelFileSummary.Of(FileHeader.Read(source), source);
    }

    internal static void Write(Stream stream, ModelWriter writer) => writer.WriteTo(null, stream.Write);

    internal static ModelWriter Collect<T>(T model, ModelKinds? kinds) where T : IModel<T>
    {
        ArgumentNullException.ThrowIfNull(model);
        var writer = new ModelWriter(kinds ?? ModelKinds.Standard);
        writer.Root(T.Kind, T.Version, model.Write);
        return writer;
    }

    private static ModelWriter Collect(object model, ModelKinds? kinds)
    {
        var writer = new ModelWriter(kinds ?? ModelKinds.Standard);
        var kind = (kinds ?? ModelKinds.Standard).Of(model);
        writer.Root(kind.Name, kind.Version, inner => kind.Write(inner, model));
        return writer;
    }

    private static FileStream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1,
            FileOptions.SequentialScan);
    }

    private static string Name(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream is FileStream file ? $"'{file.Name}'" : "The model stream";
    }
}

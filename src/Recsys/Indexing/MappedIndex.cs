using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Indexing;

/// <summary>
/// A saved <see cref="ExactIndex"/> or <see cref="HnswIndex"/> whose vectors stay in the file: they are read through the operating
/// system's cache, are shared by all processes that map the file, and take no managed memory (the links of a graph do). Opening reads
/// the file once to check it. The lists are those of the index that was saved.
/// <para>
/// Immutable and safe for any number of threads; a search allocates nothing after warm-up. Dispose it to let go of the file: searches
/// that run then end well, later ones throw. While it is mapped the file must not be cut short or overwritten in place (<see
/// cref="ModelFile"/> never does: it replaces files as a whole); what would read past its new end ends the process.
/// </para>
/// </summary>
public sealed class MappedIndex : IVectorIndex, IDisposable
{
    private readonly MappedFloats _floats;
    private readonly ExactIndex? _exact;
    private readonly HnswIndex? _graph;

    private MappedIndex(MappedFloats floats, object index)
        => (_floats, _exact, _graph) = (floats, index as ExactIndex, index as HnswIndex);

    /// <inheritdoc/>
    public int Count => _graph?.Count ?? _exact!.Count;

    /// <inheritdoc/>
    public int Dimensions => _graph?.Dimensions ?? _exact!.Dimensions;

    /// <summary>What is compared.</summary>
    public VectorSimilarity Similarity => _graph?.Similarity ?? _exact!.Similarity;

    /// <summary>Opens a file that <see cref="ModelFile"/> saved.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is damaged or truncated, or holds something other than one of the two indexes;
    /// the message says what and where.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static MappedIndex Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        MappedFloats? floats = null;
        try
        {
            var kinds = ModelKinds.None.With<ExactIndex>().With<HnswIndex>();
            var index = ModelReader.Load(
                stream, $"'{path}'", kinds, ModelReader.Root, "vectors",
                (offset, count) => floats = new MappedFloats(stream, offset, count));
            return new MappedIndex(floats!, index);
        }
        catch
        {
            floats?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int Search(ReadOnlySpan<float> query, Span<ScoredItem> destination) => Search(query, default, destination);

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int Search(ReadOnlySpan<float> query, in ItemFilter filter, Span<ScoredItem> destination)
    {
        _floats.Enter();
        try
        {
            return _graph is null ? _exact!.Search(query, filter, destination) : _graph.Search(query, filter, destination);
        }
        finally
        {
            _floats.Exit();
        }
    }

    /// <summary>Copies the vector of one item; of length 1 (or 0) where the similarity is the cosine.</summary>
    /// <param name="item">0..<see cref="Count"/>-1.</param>
    /// <param name="destination">At least <see cref="Dimensions"/> floats.</param>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void CopyVector(int item, Span<float> destination)
    {
        _floats.Enter();
        try
        {
            (_graph is null ? _exact!.Vector(item) : _graph.Vector(item)).CopyTo(destination);
        }
        finally
        {
            _floats.Exit();
        }
    }

    /// <summary>Lets go of the file when the searches that run have ended.</summary>
    public void Dispose() => _floats.Dispose();
}

using Recsys.Data;
using Recsys.Graphs;
using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// Items that are taken together come to lie together. A basket is a sentence, an item is a word:
//
//   max  Σ_baskets Σ_(i, j) in a window  log σ(u_i·v_j) + Σ_(N items k drawn by frequency^0.75) log σ(-u_i·v_k)
//   similarity(i, j) = cos(u_i, u_j),   user = mean of u_i / |u_i| over the history
//
// Barkan, Koenigstein, "Item2vec: neural item embedding for collaborative filtering", IEEE MLSP 2016 (the window is the whole set). Mikolov
// et al.,
// "Distributed representations of words and phrases and their compositionality", NIPS 2013 (windows, CBOW, subsampling).

/// <summary>
/// Embeddings of items from what was taken together: good for "similar items" and for new users. It knows a user as a mean of items only,
/// so it ranks
/// a bit worse for people with many tastes than models that learn users. Immutable; safe for any number of threads; a call allocates
/// nothing after
/// warm-up.
/// </summary>
public sealed class Item2Vec : IRecaller, ISimilarItems, IModel<Item2Vec>
{
    private readonly TokenVectors _vectors;
    private readonly float[] _users;   // [UserCount, Dimensions], of length 1 or zero
    private readonly float _decay;
    private readonly VectorRecall _items;
    private readonly Pool<float[]> _scratch;

    private Item2Vec(TokenVectors vectors, float[] users, float decay, VectorRecall items)
    {
        (_vectors, _users, _decay, _items) = (vectors, users, decay, items);
        _scratch = new Pool<float[]>(() => new float[vectors.Dimensions]);
    }

    /// <inheritdoc/>
    public static string Kind => "item2vec";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Number of users at training.</summary>
    public int UserCount => _users.Length / Dimensions;

    /// <summary>Number of items at training; those that were never taken with another have no vector and are in no list.</summary>
    public int ItemCount => _items.ItemCount;

    /// <summary>m, the length of a vector.</summary>
    public int Dimensions => _vectors.Dimensions;

    /// <summary>u_i; all zero for an item without a vector.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> ItemVector(int item) => _items.Vector(item);

    /// <summary>Trains vectors. Time Epochs · pairs · (N + 1) · m; memory 16 bytes for each factor of an item and 20 MB.</summary>
    /// <param name="data">What users took, in the order of time.</param>
    /// <param name="options">The options; the defaults if null.</param>
    /// <param name="progress">Told after each epoch, with a mean loss of a pair.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">The model to go on from does not fit.</exception>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static Item2Vec Train(
        Interactions data, Item2VecOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new Item2VecOptions();
        cancel.ThrowIfCancellationRequested();
        if (options.WarmStart is { } old && (old.Dimensions != options.Dimensions || old.ItemCount > data.ItemCount))
        {
            throw new ArgumentException($"The model of {nameof(options.WarmStart)} has {old.ItemCount} items of {old.Dimensions} " +
                $"dimensions; the data has " +
                $"{data.ItemCount} items and {nameof(options.Dimensions)} is {options.Dimensions}. Keep the dimensions, and extend " +
                $"the id maps.", nameof(options));
        }
        var vectors = SkipGram.Train(new InteractionSequences(data, options.SessionGap), new SkipGramSettings
        {
            Dimensions = options.Dimensions,
            Window = options.Window,
            Cbow = options.Objective == Item2VecObjective.Cbow,
            Negatives = options.Negatives,
            NegativePower = options.NegativePower,
            Subsample = options.Subsample,
            MinCount = options.MinCount,
            Passes = options.Epochs,
            LearningRate = options.LearningRate,
            Seed = options.Seed,
            Shards = options.Shards,
            Threads = options.Threads,
            Racy = options.Racy,
        }, options.WarmStart?._vectors, progress, cancel);
        var users = HistoryMean.OfUsers(data, vectors.Input, vectors.Dimensions, options.HistoryDecay, options.Threads);
        return new Item2Vec(vectors, users, options.HistoryDecay, VectorRecall.Build(
            vectors.Input, vectors.Dimensions, options.Index, options.Threads, similarity: VectorSimilarity.Cosine, cancel: cancel));
    }

    /// <summary>
    /// The items of highest cosine with the mean of the history, or of what the user had taken at training; none for others. Values of the
    /// history are
    /// weights.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
        => HistoryMean.Recall(_items, _vectors.Input, _users, _scratch, _decay, request, destination);

    /// <summary>The items of highest cosine(u_i, u_j), from 1 down to -1.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination) => _items.SimilarItems(item, filter, destination);

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Integer("dimensions", Dimensions);
        writer.Real("history_decay", _decay);
        writer.Tensor("vectors", _vectors.Input, ItemCount, Dimensions);
        writer.Tensor("contexts", _vectors.Output, ItemCount, Dimensions);
        writer.Tensor("users", _users, UserCount, Dimensions);
        _items.Write(writer);
    }

    /// <inheritdoc/>
    public static Item2Vec Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var dimensions = reader.Int32("dimensions", 1, 4096);
        var decay = reader.Single("history_decay", 0, 1);
        var input = reader.Tensor<float>("vectors", -1, dimensions);
        var vectors = new TokenVectors(dimensions, input, reader.Tensor<float>("contexts", input.Length / dimensions, dimensions));
        var users = reader.Tensor<float>("users", -1, dimensions);
        return new Item2Vec(vectors, users, decay, VectorRecall.Read(reader, input, dimensions, similarity: VectorSimilarity.Cosine));
    }
}

using Recsys.Data;
using Recsys.Graphs;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// Items that are taken together come to lie together. A basket is a sentence, an item is a word:
//
//   max  Σ_baskets Σ_(i, j) in a window  log σ(u_i·v_j) + Σ_(N items k drawn by frequency^0.75) log σ(-u_i·v_k)
//   similarity(i, j) = cos(u_i, u_j)
//   score(user, j) = u·v_j + 0.75 log f_j,   u = n^-α Σ u_i over the n items of the history,   f_j = the share of j
//
// Barkan, Koenigstein, "Item2vec: neural item embedding for collaborative filtering", IEEE MLSP 2016 (the window is the whole set;
// similar items alone). Mikolov et al., "Distributed representations of words and phrases and their compositionality", NIPS 2013
// (windows, CBOW, subsampling). What the optimum of u·v is, and so the score: Levy, Goldberg, "Neural word embedding as implicit matrix
// factorization", NIPS 2014.

/// <summary>
/// Embeddings of items from what was taken together: good for "similar items" and for new users. It knows a user as a sum of items only,
/// so it ranks a bit worse for people with many tastes than models that learn users. For the next item rather than for all tastes, let
/// <see cref="Item2VecOptions.HistoryDecay"/> be about 0.9. Immutable; safe for any number of threads; a call allocates nothing after
/// warm-up.
/// </summary>
public sealed class Item2Vec : IRecaller, ISimilarItems, IModel<Item2Vec>
{
    private readonly TokenVectors _vectors;
    private readonly EmbeddingLists _lists;

    private Item2Vec(TokenVectors vectors, EmbeddingLists lists) => (_vectors, _lists) = (vectors, lists);

    /// <inheritdoc/>
    public static string Kind => "item2vec";

    /// <inheritdoc/>
    public static int Version => 2;

    /// <summary>Number of users at training.</summary>
    public int UserCount => _lists.UserCount;

    /// <summary>Number of items at training; those that were never taken with another have no vector and are in no list.</summary>
    public int ItemCount => _lists.Items.ItemCount;

    /// <summary>m, the length of a vector.</summary>
    public int Dimensions => _vectors.Dimensions;

    /// <summary>u_i; all zero for an item without a vector.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> ItemVector(int item) => _lists.Items.Vector(item);

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
        var vectors = SkipGram.Train(Sequences(data, options), new SkipGramSettings
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
        }, options.WarmStart?._vectors, progress, cancel);
        var settings = new TasteSettings(options.Scoring, options.HistoryDecay, options.HistoryExponent);
        return new Item2Vec(vectors, EmbeddingLists.Build(settings, Items(vectors), data, options.Index, options.Threads, cancel));
    }

    private static InteractionSequences Sequences(Interactions data, Item2VecOptions options)
        => new(data, options.SessionGap, options.Shuffle ?? !data.HasTimes ? new Rng(options.Seed).Stream(8) : null);

    private static ItemVectors Items(TokenVectors vectors) => new(vectors.Dimensions, vectors.Input, vectors.Output, vectors.Bias);

    /// <summary>
    /// The items that are most likely beside the history, or beside what the user had taken at training; none for others. Values of the
    /// history are weights.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
        => _lists.Recall(request, destination);

    /// <summary>The items of highest cosine(u_i, u_j), from 1 down to -1.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
        => _lists.Items.SimilarItems(item, filter, destination);

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Integer("dimensions", Dimensions);
        writer.Tensor("vectors", _vectors.Input, ItemCount, Dimensions);
        writer.Tensor("contexts", _vectors.Output, ItemCount, Dimensions);
        writer.Tensor("biases", _vectors.Bias);
        _lists.Write(writer);
    }

    /// <inheritdoc/>
    public static Item2Vec Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var dimensions = reader.Int32("dimensions", 1, 4096);
        var input = reader.Tensor<float>("vectors", -1, dimensions);
        var items = input.Length / dimensions;
        var vectors = new TokenVectors(
            dimensions, input, reader.Tensor<float>("contexts", items, dimensions),
            reader.Version < 2 ? new float[items] : reader.Tensor<float>("biases", items));
        return new Item2Vec(vectors, EmbeddingLists.Read(reader, Items(vectors)));
    }
}

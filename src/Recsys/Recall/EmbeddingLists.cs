using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// A person is what they took. With weights w_k = value_k · decay^(later known items) of the n known items of a history:
//
//   prediction   u = m^(1 - α) Σ_k w_k u_k / Σ_k |w_k|,   m = (Σ|w|)² / Σ w²,   score(j) = u·v_j + p log f_j
//   cosine       u = Σ_k w_k u_k / |u_k|,                                       score(j) = cos(u, u_j)
//
// m is the number of items that the weights are worth, n if all weigh the same; then u = n^-α Σ u_k. α as in Kabbur, Ning, Karypis,
// "FISM: factored item similarity models for top-N recommender systems", KDD 2013.

/// <summary>How tastes are made and lists scored.</summary>
/// <param name="Scoring">What a list is ordered by.</param>
/// <param name="Decay">What is left of an item's weight after each later one.</param>
/// <param name="Exponent">α, 0 for the sum and 1 for the mean.</param>
internal readonly record struct TasteSettings(EmbeddingScoring Scoring, float Decay, float Exponent);

/// <summary>The vectors that a model of embeddings has of its items.</summary>
/// <param name="Dimensions">Length of a vector.</param>
/// <param name="Input">u, items × dimensions; zero for an item that is in no list.</param>
/// <param name="Output">v, items × dimensions.</param>
/// <param name="Bias">p log f, by item.</param>
internal readonly record struct ItemVectors(int Dimensions, float[] Input, float[] Output, float[] Bias);

/// <summary>The lists of a model that knows people by what they took: what all models of embeddings share. Immutable;
/// thread-safe.</summary>
internal sealed class EmbeddingLists
{
    private readonly TasteSettings _settings;
    private readonly float[] _input;   // [items, dimensions]
    private readonly float[] _users;   // [UserCount, dimensions], zero where there is no taste
    private readonly Pool<float[]> _scratch;

    private EmbeddingLists(in TasteSettings settings, in ItemVectors vectors, float[] users, VectorRecall items)
    {
        (_settings, _input, _users, Items) = (settings, vectors.Input, users, items);
        var dimensions = vectors.Dimensions;
        _scratch = new Pool<float[]>(() => new float[dimensions]);
    }

    public VectorRecall Items { get; }

    public int UserCount => _users.Length / Items.Dimensions;

    /// <summary>The taste of a user at training.</summary>
    public ReadOnlySpan<float> Taste(int user) => _users.AsSpan(user * Items.Dimensions, Items.Dimensions);

    /// <summary>Tastes of all users of a log, and the search.</summary>
    public static EmbeddingLists Build(
        in TasteSettings settings, in ItemVectors vectors, Interactions? data, IndexOptions index, int threads, CancellationToken cancel)
        => new(
            settings, vectors, data is null ? [] : Tastes(data, vectors, settings, threads),
            Search(settings, vectors, index, threads, cancel));

    /// <summary>The same users with other items.</summary>
    public EmbeddingLists With(in ItemVectors vectors, IndexOptions index)
        => new(_settings, vectors, _users, Search(_settings, vectors, index, index.Threads, default));

    private static VectorRecall Search(
        in TasteSettings settings, in ItemVectors vectors, IndexOptions index, int threads, CancellationToken cancel)
        => settings.Scoring == EmbeddingScoring.Cosine
            ? VectorRecall.Build(vectors.Input, vectors.Dimensions, index, threads, similarity: VectorSimilarity.Cosine, cancel: cancel)
            : VectorRecall.Build(vectors.Input, vectors.Dimensions, index, threads, vectors.Bias, targets: vectors.Output, cancel: cancel);

    // By the order of their rows.
    private static float[] Tastes(Interactions data, ItemVectors vectors, TasteSettings settings, int threads)
    {
        const int UserShards = 64;
        var users = new float[checked(data.UserCount * vectors.Dimensions)];
        Shards.Run(UserShards, threads, shard =>
        {
            var (start, end) = Shards.Range(data.UserCount, UserShards, shard);
            for (var user = start; user < end; user++)
            {
                var taste = users.AsSpan(user * vectors.Dimensions, vectors.Dimensions);
                if (!Write(vectors.Input, data.ItemsOf(user), default, settings, taste)) taste.Clear();
            }
        });
        return users;
    }

    /// <summary>The taste of a history, oldest item first.</summary>
    /// <param name="vectors">[items, taste.Length], finite.</param>
    /// <param name="history">Item ids; strangers and items with a zero vector are skipped.</param>
    /// <param name="values">As many, or none for 1 each.</param>
    /// <param name="settings">How.</param>
    /// <param name="taste">Receives the taste.</param>
    /// <returns>False if nothing known is in the history or it adds up to nothing.</returns>
    /// <exception cref="ArgumentException">The values are not as many as the items, or one is not finite.</exception>
    public static bool Write(
        float[] vectors, ReadOnlySpan<int> history, ReadOnlySpan<float> values, in TasteSettings settings, Span<float> taste)
    {
        if (!values.IsEmpty && values.Length != history.Length)
        {
            throw new ArgumentException(
                $"There are {values.Length} history values for {history.Length} items; give as many, or none.", nameof(values));
        }
        for (var i = 0; i < values.Length; i++)
            if (!float.IsFinite(values[i])) throw new ArgumentException($"History value {i} is {values[i]}; values must be finite.",
                nameof(values));

        taste.Clear();
        var cosine = settings.Scoring == EmbeddingScoring.Cosine;
        var (items, weight, sum, squares) = (vectors.Length / taste.Length, 1f, 0.0, 0.0);
        for (var k = history.Length - 1; k >= 0 && weight > 0; k--)
        {
            if ((uint)history[k] >= (uint)items) continue;
            var vector = vectors.AsSpan(history[k] * taste.Length, taste.Length);
            var norm = TensorPrimitives.Norm(vector);
            if (!(norm > 0 && float.IsFinite(1 / norm))) continue;
            // Far values would overflow the sum; only their proportions count.
            var w = weight * (values.IsEmpty ? 1 : Math.Clamp(values[k], -1e15f, 1e15f));
            TensorPrimitives.MultiplyAdd(vector, cosine ? w / norm : w, taste, taste);
            weight *= settings.Decay;
            sum += Math.Abs((double)w);
            squares += (double)w * w;
        }
        var length = TensorPrimitives.Norm(taste);
        if (!(length > 0 && float.IsFinite(1 / length) && float.IsFinite(length))) return false;
        if (cosine) TensorPrimitives.Divide(taste, length, taste);
        else TensorPrimitives.Multiply(taste, (float)(Math.Pow(sum * sum / squares, 1 - settings.Exponent) / sum), taste);
        return true;
    }

    /// <summary>The list of the history if there is one, else of the user; none for others.</summary>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var count = 0;
        var taste = _scratch.Rent();
        try
        {
            if (!request.History.IsEmpty)
            {
                if (Write(_input, request.History, request.HistoryValues, _settings, taste))
                    count = Items.Recall(taste, request.Filter, destination);
            }
            else if ((uint)request.User < (uint)UserCount)
            {
                var known = Taste(request.User);
                if (known.ContainsAnyExcept(0f)) count = Items.Recall(known, request.Filter, destination);
            }
        }
        finally
        {
            _scratch.Return(taste);
        }
        return count;
    }

    /// <summary>Writes settings, tastes and index; the vectors are the model's to write.</summary>
    public void Write(ModelWriter writer)
    {
        writer.Choice("scoring", _settings.Scoring);
        writer.Real("history_decay", _settings.Decay);
        writer.Real("history_exponent", _settings.Exponent);
        writer.Tensor("users", _users, UserCount, Items.Dimensions);
        Items.Write(writer);
    }

    /// <summary>Reads what <see cref="Write(ModelWriter)"/> wrote, or what version 1 of the models did, which knew the cosine
    /// alone.</summary>
    public static EmbeddingLists Read(ModelReader reader, in ItemVectors vectors, float[]? usersOfVersion1 = null)
    {
        var settings = new TasteSettings(
            reader.Version < 2 ? EmbeddingScoring.Cosine : reader.Choice<EmbeddingScoring>("scoring"),
            reader.Single("history_decay", 0, 1),
            reader.Version < 2 ? 1 : reader.Single("history_exponent", 0, 1));
        var users = usersOfVersion1 ?? reader.Tensor<float>("users", -1, vectors.Dimensions);
        var items = settings.Scoring == EmbeddingScoring.Cosine
            ? VectorRecall.Read(reader, vectors.Input, vectors.Dimensions, similarity: VectorSimilarity.Cosine)
            : VectorRecall.Read(reader, vectors.Input, vectors.Dimensions, vectors.Bias, targets: vectors.Output);
        return new EmbeddingLists(settings, vectors, users, items);
    }
}

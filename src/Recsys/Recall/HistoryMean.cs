using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>A person as the mean of what they took.</summary>
internal static class HistoryMean
{
    /// <summary>
    /// taste = Σ_k decay^(n - 1 - k) · value_k · v_k / |v_k| over the n known items of a history, oldest first, scaled to length 1.
    /// </summary>
    /// <param name="vectors">[items, taste.Length], finite.</param>
    /// <param name="history">Item ids; strangers and items with a zero vector are skipped.</param>
    /// <param name="values">As many, or none for 1 each.</param>
    /// <param name="decay">What is left of an item's weight after each later one.</param>
    /// <param name="taste">Receives the taste.</param>
    /// <returns>False if nothing known is in the history or it adds up to nothing.</returns>
    /// <exception cref="ArgumentException">The values are not as many as the items, or one is not finite.</exception>
    public static bool Write(float[] vectors, ReadOnlySpan<int> history, ReadOnlySpan<float> values, float decay, Span<float> taste)
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
        var (items, weight) = (vectors.Length / taste.Length, 1f);
        for (var k = history.Length - 1; k >= 0 && weight > 0; k--)
        {
            if ((uint)history[k] >= (uint)items) continue;
            var vector = vectors.AsSpan(history[k] * taste.Length, taste.Length);
            var norm = TensorPrimitives.Norm(vector);
            if (!(norm > 0 && float.IsFinite(1 / norm))) continue;
            // Far values would overflow the sum; only their proportions count.
            var value = values.IsEmpty ? 1 : Math.Clamp(values[k], -1e15f, 1e15f);
            TensorPrimitives.MultiplyAdd(vector, weight * value / norm, taste, taste);
            weight *= decay;
        }
        var length = TensorPrimitives.Norm(taste);
        if (!(length > 0 && float.IsFinite(1 / length) && float.IsFinite(length))) return false;
        TensorPrimitives.Divide(taste, length, taste);
        return true;
    }

    /// <summary>The taste of every user by the order of their rows: [users, dimensions], zero where there is none.</summary>
    public static float[] OfUsers(Interactions data, float[] vectors, int dimensions, float decay, int threads)
    {
        const int UserShards = 64;
        var users = new float[checked(data.UserCount * dimensions)];
        Shards.Run(UserShards, threads, shard =>
        {
            var (start, end) = Shards.Range(data.UserCount, UserShards, shard);
            for (var user = start; user < end; user++)
            {
                var taste = users.AsSpan(user * dimensions, dimensions);
                if (!Write(vectors, data.ItemsOf(user), default, decay, taste)) taste.Clear();
            }
        });
        return users;
    }

    /// <summary>The list of a model that knows users as such tastes: of the history if there is one, else of the user.</summary>
    public static int Recall(
        VectorRecall items, float[] vectors, float[] users, Pool<float[]> scratch, float decay, in RecallRequest request,
        Span<ScoredItem> destination)
    {
        var count = 0;
        var taste = scratch.Rent();
        try
        {
            if (!request.History.IsEmpty)
            {
                if (Write(vectors, request.History, request.HistoryValues, decay, taste)) count = items.Recall(taste, request.Filter,
                    destination);
            }
            else if ((uint)request.User < (uint)(users.Length / items.Dimensions))
            {
                var known = users.AsSpan(request.User * items.Dimensions, items.Dimensions);
                if (known.ContainsAnyExcept(0f)) count = items.Recall(known, request.Filter, destination);
            }
        }
        finally
        {
            scratch.Return(taste);
        }
        return count;
    }
}

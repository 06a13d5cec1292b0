namespace Recsys.Evaluation;

/// <summary>Sorts rows by score, and checks the rows of probability metrics.</summary>
internal static class ScoreOrder
{
    /// <summary>The rows in ascending order of score, equal scores by row. One sort of 64-bit keys: score above, row below.</summary>
    /// <exception cref="ArgumentException">A score is NaN.</exception>
    public static int[] Ascending(ReadOnlySpan<float> scores, string name)
    {
        var keys = new ulong[scores.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            var score = scores[i] + 0f; // -0 becomes 0, so that the two tie
            if (float.IsNaN(score)) throw new ArgumentException($"{name}[{i}] is NaN; a score must be a number.", name);
            var bits = BitConverter.SingleToUInt32Bits(score);
            bits = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
            keys[i] = (ulong)bits << 32 | (uint)i;
        }
        keys.AsSpan().Sort();
        var order = new int[keys.Length];
        for (var i = 0; i < order.Length; i++) order[i] = (int)(uint)keys[i];
        return order;
    }

    public static void CheckRows(int scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        if (scores == 0) throw new ArgumentException("There are no rows to evaluate.", nameof(scores));
        if (labels.Length != scores)
            throw new ArgumentException($"There are {labels.Length} labels for {scores} scores: give one for each.", nameof(labels));
        CheckWeights(scores, weights);
        for (var i = 0; i < labels.Length; i++)
            if (labels[i] != 0 && labels[i] != 1)
                throw new ArgumentException($"labels[{i}] is {labels[i]}; a label must be 0 or 1.", nameof(labels));
    }

    public static void CheckWeights(int rows, ReadOnlySpan<float> weights)
    {
        if (weights.IsEmpty) return;
        if (weights.Length != rows)
            throw new ArgumentException(
                $"There are {weights.Length} weights for {rows} rows: give none, or one for each.", nameof(weights));
        double sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (!(weights[i] >= 0) || float.IsInfinity(weights[i]))
                throw new ArgumentException($"weights[{i}] is {weights[i]}; a weight must be finite and at least 0.", nameof(weights));
            sum += weights[i];
        }
        if (sum <= 0) throw new ArgumentException("All weights are 0, so there is nothing to average.", nameof(weights));
    }

    public static void CheckProbabilities(ReadOnlySpan<float> probabilities)
    {
        for (var i = 0; i < probabilities.Length; i++)
            if (!(probabilities[i] >= 0 && probabilities[i] <= 1))
                throw new ArgumentException(
                    $"probabilities[{i}] is {probabilities[i]}; a probability must lie between 0 and 1.", nameof(probabilities));
    }
}

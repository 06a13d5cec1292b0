using Recsys.Numerics;

namespace Recsys.Graphs;

/// <summary>How often tokens occur.</summary>
internal static class TokenCounts
{
    private const int CountShards = 16;

    /// <summary>Counts one occurrence for each place in a sequence of at least two tokens, over the passes, or one if all are the
    /// same.</summary>
    public static long[] Of(ITokenSequences sequences, int passes, int threads, CancellationToken cancel)
    {
        var counts = new long[sequences.TokenCount];
        // Sums of whole numbers: their order doesn't matter.
        Shards.Run(CountShards, threads, shard =>
        {
            var (start, end) = Shards.Range(sequences.Count, CountShards, shard);
            if (start == end) return;
            var tokens = new int[sequences.LongestLength];
            for (var pass = 0; pass < (sequences.EveryPassIsTheSame ? 1 : passes); pass++)
            {
                cancel.ThrowIfCancellationRequested();
                for (var s = start; s < end; s++)
                {
                    var length = sequences.Write(pass, s, tokens);
                    for (var i = 0; i < length && length > 1; i++) Interlocked.Increment(ref counts[tokens[i]]);
                }
            }
        }, cancel);
        return counts;
    }
}

/// <summary>The tokens that are trained, dealt into blocks of like frequency: the rows of a block lie together.</summary>
internal sealed class TokenBlocks
{
    private readonly long[] _counts;  // by token
    private readonly int[] _firsts;   // by block, and the end

    private TokenBlocks(long[] counts, int[] rowOf, int[] tokenOf, int[] firsts, ushort[] blockOf)
        => (_counts, RowOf, TokenOf, _firsts, BlockOf) = (counts, rowOf, tokenOf, firsts, blockOf);

    public int Blocks => _firsts.Length - 1;

    public int Rows => TokenOf.Length;

    /// <summary>By token: its row, -1 for one that is too rare.</summary>
    public int[] RowOf { get; }

    /// <summary>By row.</summary>
    public int[] TokenOf { get; }

    /// <summary>By row.</summary>
    public ushort[] BlockOf { get; }

    /// <summary>The first row of a block.</summary>
    public int First(int block) => _firsts[block];

    public static TokenBlocks Create(long[] counts, int minCount, int mostBlocks, int leastBlock)
    {
        var tokens = new List<int>();
        for (var token = 0; token < counts.Length; token++)
            if (counts[token] >= Math.Max(1, minCount)) tokens.Add(token);
        var sorted = tokens.ToArray();
        Array.Sort(sorted, (a, b) => counts[a] != counts[b] ? counts[b].CompareTo(counts[a]) : a.CompareTo(b));

        // Like a deck that is dealt there and back, so that every block gets its share of the frequent ones.
        var blocks = Math.Clamp(sorted.Length / leastBlock, 1, mostBlocks);
        var dealt = new List<int>[blocks];
        for (var b = 0; b < blocks; b++) dealt[b] = [];
        for (var rank = 0; rank < sorted.Length; rank++)
        {
            var place = rank % (2 * blocks);
            dealt[place < blocks ? place : 2 * blocks - 1 - place].Add(sorted[rank]);
        }
        var (rowOf, tokenOf, firsts, blockOf) = (new int[counts.Length], new int[sorted.Length], new int[blocks + 1],
            new ushort[sorted.Length]);
        Array.Fill(rowOf, -1);
        var row = 0;
        for (var b = 0; b < blocks; b++)
        {
            foreach (var token in dealt[b])
            {
                (rowOf[token], tokenOf[row], blockOf[row]) = (row, token, (ushort)b);
                row++;
            }
            firsts[b + 1] = row;
        }
        return new TokenBlocks(counts, rowOf, tokenOf, firsts, blockOf);
    }

    /// <summary>For each block the distribution of negatives, by frequency^power.</summary>
    public AliasTable[] Negatives(double power)
    {
        var tables = new AliasTable[Blocks];
        for (var b = 0; b < Blocks; b++)
        {
            var weights = new double[_firsts[b + 1] - _firsts[b]];
            for (var i = 0; i < weights.Length; i++) weights[i] = Math.Pow(_counts[TokenOf[_firsts[b] + i]], power);
            tables[b] = new AliasTable(weights);
        }
        return tables;
    }

    /// <summary>By token power · log of its share of all occurrences; a token that is not trained counts as having occurred once.</summary>
    public float[] LogShares(double power)
    {
        var total = 0L;
        foreach (var token in TokenOf) total += _counts[token];
        var shares = new float[_counts.Length];
        for (var token = 0; token < shares.Length; token++)
            shares[token] = (float)(power * Math.Log((RowOf[token] < 0 ? 1.0 : _counts[token]) / Math.Max(1, total)));
        return shares;
    }

    /// <summary>
    /// By token the probability that an occurrence stays, min(1, √(ρ / f)) for the share f of all occurrences: Mikolov et al., 2013, eq. 5.
    /// Null for
    /// ρ = 0: all stay.
    /// </summary>
    public float[]? Keep(double rho)
    {
        if (rho == 0) return null;
        var total = 0L;
        foreach (var token in TokenOf) total += _counts[token];
        var keep = new float[_counts.Length];
        foreach (var token in TokenOf) keep[token] = (float)Math.Min(1, Math.Sqrt(rho * total / _counts[token]));
        return keep;
    }
}

/// <summary>Sums the measured losses of a pass, reports them, and stops a training that diverged.</summary>
internal sealed class LossMeter(int passes, string stage, IProgress<TrainProgress>? progress)
{
    private double _sum;
    private long _measured;
    private int _pass;

    public void Add((double Loss, int Measured) part)
    {
        _sum += part.Loss;
        _measured += part.Measured;
    }

    /// <summary>Reports if a pass has ended since.</summary>
    /// <exception cref="ArithmeticException">The loss is not finite.</exception>
    public void Report(int pass)
    {
        if (!double.IsFinite(_sum))
            throw new ArithmeticException($"The training diverged: the loss of {stage} {_pass + 1} is {_sum}. Lower LearningRate.");
        if (pass == _pass) return;
        _pass = pass;
        progress?.Report(new TrainProgress(stage, pass, passes, _measured > 0 ? _sum / _measured : null));
        (_sum, _measured) = (0, 0);
    }
}

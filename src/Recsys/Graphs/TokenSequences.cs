using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Graphs;

/// <summary>
/// What embeddings are learned from: sequences of tokens that are made when they are asked for, each time the same, and so need never be in
/// memory
/// together. Thread-safe.
/// </summary>
internal interface ITokenSequences
{
    /// <summary>Tokens are 0..TokenCount-1.</summary>
    int TokenCount { get; }

    /// <summary>Sequences of one pass.</summary>
    int Count { get; }

    /// <summary>Whether all passes give the same sequences, or the same in another order.</summary>
    bool EveryPassIsTheSame { get; }

    /// <summary>No sequence is longer.</summary>
    int LongestLength { get; }

    /// <summary>The sequence is not longer.</summary>
    int LengthBound(int sequence);

    /// <summary>Writes a sequence and returns its length.</summary>
    int Write(int pass, int sequence, Span<int> tokens);
}

/// <summary>What each user took, whole or cut into sessions; in order, or in each pass shuffled.</summary>
internal sealed class InteractionSequences : ITokenSequences
{
    private readonly Interactions _data;
    private readonly Rng? _shuffle;
    private readonly long[] _offsets;

    /// <param name="data">The log.</param>
    /// <param name="gap">A session ends where the next action is later than this; null: never.</param>
    /// <param name="shuffle">Shuffles each sequence in each pass; null: rows stay in order.</param>
    public InteractionSequences(Interactions data, TimeSpan? gap, Rng? shuffle = null)
    {
        (_data, _shuffle) = (data, shuffle);
        var offsets = new List<long> { 0 };
        for (var user = 0; user < data.UserCount; user++)
        {
            var times = data.TimesOf(user);
            var (start, end) = (data.UserOffsets[user], data.UserOffsets[user + 1]);
            if (start == end) continue;
            for (var i = 1; gap is not null && i < end - start; i++)
                if (Graph.EndsSession(times, i, gap)) offsets.Add(start + i);
            offsets.Add(end);
        }
        _offsets = [.. offsets];
        for (var s = 0; s < Count; s++) LongestLength = Math.Max(LongestLength, LengthBound(s));
    }

    public int TokenCount => _data.ItemCount;

    public int Count => _offsets.Length - 1;

    public bool EveryPassIsTheSame => true;

    public int LongestLength { get; }

    public int LengthBound(int sequence) => (int)(_offsets[sequence + 1] - _offsets[sequence]);

    public int Write(int pass, int sequence, Span<int> tokens)
    {
        var length = LengthBound(sequence);
        _data.ItemColumn.Slice((int)_offsets[sequence], length).CopyTo(tokens);
        _shuffle?.Stream((ulong)pass).Stream((ulong)sequence).Shuffle(0, tokens[..length]);
        return length;
    }
}

/// <summary>
/// In each pass one walk from every node, the nodes in a new random order. With labels a walk v1 v2 … becomes v1 l1 v2 l2 …, where l is a
/// label of v
/// drawn at random, or nothing if v has none; label l is the token NodeCount + l.
/// </summary>
internal sealed class WalkSequences(RandomWalks walks, int length, NodeLabels? labels, Rng rng) : ITokenSequences
{
    public int TokenCount { get; } = checked(walks.Graph.NodeCount + (labels?.LabelCount ?? 0));

    public int Count => walks.Graph.NodeCount;

    public bool EveryPassIsTheSame => false;

    public int LongestLength { get; } = labels is null ? length : 2 * length;

    public int LengthBound(int sequence) => LongestLength;

    public int Write(int pass, int sequence, Span<int> tokens)
    {
        var stream = rng.Stream((ulong)pass);
        var start = new Permutation(Count, stream.Stream(0))[sequence];
        var own = stream.Stream((ulong)start + 1);
        var nodes = tokens[(LongestLength - length)..LongestLength]; // at the end, so that labels can be put between from the front
        var count = walks.Walk(start, own, nodes);
        if (labels is null) return count;
        var (next, draw) = (0, own.Stream(0));
        for (var k = 0; k < count; k++)
        {
            var node = nodes[k];
            tokens[next++] = node;
            var given = labels.Of(node);
            if (!given.IsEmpty) tokens[next++] = Count + given[draw.Below((ulong)k, given.Length)];
        }
        return next;
    }
}

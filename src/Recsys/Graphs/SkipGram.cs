using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Graphs;

// Skip-gram with negative sampling. For every pair (i, j) of tokens within a window, and N tokens k drawn by frequency^0.75:
//
//   max  log σ(u_i·v_j) + Σ_k log σ(-u_i·v_k)
//
// CBOW puts the mean of the u of a window in place of u_i, predicts its centre, and moves each u of the window by the whole step, as
// word2vec does.
// Mikolov et al., NIPS 2013.
//
// Threads: tokens are dealt into B blocks of like frequency. The pairs of an episode are sorted by (block of i, block of j), and in turn t
// the pairs
// (a, a + t mod B) of all a are trained at once: they share no row, so nothing races and the bits don't depend on the threads. Negatives
// come from the
// block of j, which over the turns are all blocks. CBOW has blocks of centres, and shares the inputs (SharedRows). Gemulla et al., KDD
// 2011; Zhu et al., "GraphVite", WWW 2019, does the same on GPUs.

/// <summary>What <see cref="SkipGram"/> is told.</summary>
internal sealed record SkipGramSettings
{
    public required int Dimensions { get; init; }
    public required int Window { get; init; }
    public bool Shrinks { get; init; } = true;
    public bool Cbow { get; init; }
    public required int Negatives { get; init; }
    public double NegativePower { get; init; } = 0.75;
    public double Subsample { get; init; }
    public int MinCount { get; init; } = 1;
    public required int Passes { get; init; }
    public required float LearningRate { get; init; }
    public required ulong Seed { get; init; }
    public int Shards { get; init; } = 16;
    public int Threads { get; init; } = 1;
    public string Stage { get; init; } = "epoch";
}

/// <summary>Vectors by token; all zero for tokens that no pair holds.</summary>
/// <param name="Dimensions">Length of a vector.</param>
/// <param name="Input">u, tokens × dimensions: the embedding.</param>
/// <param name="Output">v, tokens × dimensions: what predicts neighbours.</param>
/// <param name="Bias">
/// p log f by token, for the share f of a token and the power p that negatives are drawn by; for a token without a vector, what one
/// occurrence would have. log P(j | i) is u_i·v_j + Bias_j up to a constant.
/// </param>
internal sealed record TokenVectors(int Dimensions, float[] Input, float[] Output, float[] Bias);

/// <summary>Trains embeddings of tokens.</summary>
internal static class SkipGram
{
    // A block of fewer tokens would have too few different negatives.
    public const int LeastBlock = 64;

    private const int WindowsOfRound = 128;

    public const float LeastRate = 1e-4f; // of the first rate

    /// <summary>Trains; tokens below the length of <paramref name="start"/> go on from there.</summary>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static TokenVectors Train(
        ITokenSequences sequences, SkipGramSettings settings, TokenVectors? start, IProgress<TrainProgress>? progress,
        CancellationToken cancel)
    {
        var rng = new Rng(settings.Seed);
        var tokens = TokenBlocks.Create(TokenCounts.Of(sequences, settings.Passes, settings.Threads, cancel), settings.MinCount,
            settings.Shards, LeastBlock);
        var (input, output) = (new AlignedRows(tokens.Rows, settings.Dimensions), new AlignedRows(tokens.Rows, settings.Dimensions));
        Fill(tokens, input, output, start, rng.Stream(0));
        if (tokens.Rows > 0)
        {
            var pairs = new PairSettings(settings.Window, settings.Shrinks, settings.Passes, tokens.Keep(settings.Subsample), tokens.RowOf,
                settings.Cbow);
            var stream = new PairStream(sequences, pairs, rng.Stream(1));
            var run = new Run(settings, tokens, input, output, stream, rng.Stream(2));
            var loss = new LossMeter(settings.Passes, settings.Stage, progress);
            for (var episode = 0; ; episode++)
            {
                var done = stream.Done;
                if (!stream.Next(settings.Threads, cancel)) break;
                run.Train(episode, done, stream.Done, loss, cancel);
                loss.Report(stream.Pass);
            }
        }
        return Result(tokens, input, output, start, settings.NegativePower);
    }

    private static void Fill(TokenBlocks tokens, AlignedRows input, AlignedRows output, TokenVectors? start, Rng rng)
    {
        var d = input.Columns;
        for (var row = 0; row < tokens.Rows; row++)
        {
            var token = tokens.TokenOf[row];
            if (start is not null && token < start.Input.Length / d)
            {
                start.Input.AsSpan(token * d, d).CopyTo(input[row]);
                start.Output.AsSpan(token * d, d).CopyTo(output[row]);
            }
            if (!input[row].ContainsAnyExcept(0f)) rng.FillUniform((ulong)token * (ulong)d, input[row], -0.5f / d, 0.5f / d);
        }
    }

    private static TokenVectors Result(TokenBlocks tokens, AlignedRows input, AlignedRows output, TokenVectors? start, double power)
    {
        var d = input.Columns;
        var result = new TokenVectors(
            d, new float[checked(tokens.RowOf.Length * d)], new float[tokens.RowOf.Length * d], tokens.LogShares(power));
        start?.Input.CopyTo(result.Input, 0);
        start?.Output.CopyTo(result.Output, 0);
        for (var token = 0; start is not null && token < start.Bias.Length; token++)
            if (tokens.RowOf[token] < 0 && start.Bias[token] < 0) result.Bias[token] = start.Bias[token];
        for (var row = 0; row < tokens.Rows; row++)
        {
            input[row].CopyTo(result.Input.AsSpan(tokens.TokenOf[row] * d));
            output[row].CopyTo(result.Output.AsSpan(tokens.TokenOf[row] * d));
        }
        return result;
    }

    private sealed class Run(SkipGramSettings settings, TokenBlocks tokens, AlignedRows input, AlignedRows output, PairStream stream,
        Rng rng)
    {
        private readonly AliasTable[] _negatives = tokens.Negatives(settings.NegativePower);
        private readonly int _blocks = tokens.Blocks;
        private readonly PairCells _cells = new(tokens, settings.Cbow);
        private readonly SharedRows? _shared = settings.Cbow && tokens.Blocks > 1 ? new SharedRows(input, tokens.Blocks) : null;
        private readonly int[] _next = new int[tokens.Blocks];
        private readonly (double Loss, int Measured)[] _losses = new (double, int)[tokens.Blocks];

        public void Train(int episode, double from, double to, LossMeter loss, CancellationToken cancel)
        {
            var stage = rng.Stream((ulong)episode);
            if (_blocks > 1)
            {
                _cells.Sort(stream, settings.Threads, cancel);
                if (_shared is not null)
                {
                    CbowRounds(stage, from, to, loss, cancel);
                    return;
                }
                for (var turn = 0; turn < _blocks; turn++)
                {
                    var rate = Rate(from + (to - from) * turn / _blocks);
                    var t = turn;
                    Shards.Run(_blocks, settings.Threads, a =>
                    {
                        var b = (a + t + episode) % _blocks;
                        var cell = a * _blocks + b;
                        var negatives = new Negatives(_negatives[b], tokens.First(b), settings.Negatives, stage.Stream((ulong)cell));
                        _losses[a] = SkipGramKernel.Train(input, output, _cells.Cell(cell), negatives, rate);
                    }, cancel);
                    for (var a = 0; a < _blocks; a++) loss.Add(_losses[a]);
                }
                return;
            }
            for (var g = 0; g < PairStream.Groups; g++)
            {
                cancel.ThrowIfCancellationRequested();
                var rate = Rate(from + (to - from) * g / PairStream.Groups);
                var negatives = new Negatives(_negatives[0], 0, settings.Negatives, stage.Stream((ulong)g));
                loss.Add(settings.Cbow
                    ? Cbow(stream.Group(g), 0, long.MaxValue, null, negatives, rate).Loss
                    : SkipGramKernel.Train(input, output, stream.Group(g), negatives, rate));
            }
        }

        private float Rate(double done) => settings.LearningRate * Math.Max(LeastRate, (float)(1 - done));

        // Outputs belong to the block of the centre; the inputs of a window belong to all blocks.
        private void CbowRounds(Rng stage, double from, double to, LossMeter loss, CancellationToken cancel)
        {
            Array.Clear(_next);
            var longest = 1;
            for (var b = 0; b < _blocks; b++) longest = Math.Max(longest, _cells.Cell(b).Length);
            for (var more = true; more;)
            {
                var done = (double)_next.Max() / longest;
                var rate = Rate(from + (to - from) * Math.Min(1, done));
                Shards.Run(_blocks, settings.Threads, b =>
                {
                    var negatives = new Negatives(
                        _negatives[b], tokens.First(b), settings.Negatives, stage.Stream((ulong)b).Stream((ulong)_next[b]));
                    var shared = _shared!.Blocks[b];
                    (_losses[b], _next[b]) = Cbow(_cells.Cell(b), _next[b], WindowsOfRound, shared, negatives, rate);
                    shared.Finish();
                }, cancel);
                _shared!.Merge();
                more = false;
                for (var b = 0; b < _blocks; b++)
                {
                    loss.Add(_losses[b]);
                    more |= _next[b] < _cells.Cell(b).Length;
                }
            }
        }

        private ((double, int) Loss, int Next) Cbow(
            ReadOnlySpan<TokenPair> pairs, int first, long windows, SharedRows.Block? shared, in Negatives negatives, float rate)
        {
            var (loss, measured, step) = (0.0, 0, 0L);
            Span<float> mean = stackalloc float[input.Stride], e = stackalloc float[input.Stride];
            for (; first < pairs.Length && step < windows;)
            {
                var end = first + 1;
                while (end < pairs.Length && pairs[end].Centre >= 0) end++;
                var window = pairs[first..end];
                mean.Clear();
                foreach (var pair in window)
                    TensorPrimitives.Add(mean, shared is null ? input.Padded(pair.Context) : shared.Row(pair.Context), mean);
                TensorPrimitives.Multiply(mean, 1f / window.Length, mean);
                var one = SkipGramKernel.Step(mean, e, output, ~window[0].Centre, negatives, step, rate);
                foreach (var pair in window)
                {
                    var u = shared is null ? input.Padded(pair.Context) : shared.Row(pair.Context, 1);
                    TensorPrimitives.Add(u, e, u);
                }
                if (SkipGramKernel.Measures(step++))
                {
                    loss += one;
                    measured++;
                }
                first = end;
            }
            return ((loss, measured), first);
        }
    }
}

using Recsys.Graphs;
using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>
/// Takes the steps of EGES. Items are dealt into blocks as those of skip-gram are, so that pairs (a, a + t mod B) of all a share no
/// item; what they do share, the side information, is <see cref="SharedRows"/>. The bits don't depend on the threads.
/// </summary>
internal sealed class EgesRun
{
    private const int PairsOfRound = 128;

    private readonly EgesNetwork _network;
    private readonly TokenBlocks _tokens;
    private readonly PairStream _stream;
    private readonly EgesOptions _options;
    private readonly AliasTable[] _negatives;
    private readonly PairCells _cells;
    private readonly SharedRows? _shared;   // null: one block
    private readonly EgesNetwork.Scratch[] _scratches;
    private readonly (double Loss, int Measured)[] _losses;

    public EgesRun(EgesNetwork network, TokenBlocks tokens, PairStream stream, EgesOptions options)
    {
        (_network, _tokens, _stream, _options) = (network, tokens, stream, options);
        _negatives = tokens.Negatives(options.NegativePower);
        _cells = new PairCells(tokens, windows: false);
        _shared = tokens.Blocks > 1 ? new SharedRows(network.Sides, tokens.Blocks) : null;
        _scratches = new EgesNetwork.Scratch[tokens.Blocks];
        for (var i = 0; i < _scratches.Length; i++) _scratches[i] = new EgesNetwork.Scratch(network) { Sides = _shared?.Blocks[i] };
        _losses = new (double, int)[_scratches.Length];
    }

    /// <summary>Takes the steps of the present episode.</summary>
    /// <param name="episode">Its number.</param>
    /// <param name="from">The share of all work that was done before.</param>
    /// <param name="to">And after.</param>
    /// <param name="rng">The episode's own stream.</param>
    /// <param name="loss">Is told.</param>
    /// <param name="cancel">Stops.</param>
    public void Train(int episode, double from, double to, Rng rng, LossMeter loss, CancellationToken cancel)
    {
        if (_shared is null)
        {
            for (var g = 0; g < PairStream.Groups; g++)
            {
                cancel.ThrowIfCancellationRequested();
                var negatives = new Negatives(_negatives[0], 0, _options.Negatives, rng.Stream((ulong)g));
                var pairs = _stream.Group(g);
                loss.Add(Steps(pairs, 0, pairs.Length, negatives, Rate(from + (to - from) * g / PairStream.Groups), _scratches[0]));
            }
            return;
        }
        _cells.Sort(_stream, _options.Threads, cancel);
        for (var turn = 0; turn < _tokens.Blocks; turn++)
            Turn(turn, episode, Rate(from + (to - from) * turn / _tokens.Blocks), rng, loss, cancel);
    }

    private void Turn(int turn, int episode, float rate, Rng rng, LossMeter loss, CancellationToken cancel)
    {
        var blocks = _tokens.Blocks;
        var longest = 0;
        for (var a = 0; a < blocks; a++) longest = Math.Max(longest, _cells.Cell(CellOf(a)).Length);
        for (var first = 0; first < longest; first += PairsOfRound)
        {
            var start = first;
            Shards.Run(blocks, _options.Threads, a =>
            {
                var cell = CellOf(a);
                var b = cell % blocks;
                var negatives = new Negatives(_negatives[b], _tokens.First(b), _options.Negatives, rng.Stream((ulong)cell));
                _losses[a] = Steps(_cells.Cell(cell), start, PairsOfRound, negatives, rate, _scratches[a]);
                _shared!.Blocks[a].Finish();
            }, cancel);
            _shared!.Merge();
            foreach (var part in _losses) loss.Add(part);
        }

        int CellOf(int a) => a * blocks + (a + turn + episode) % blocks;
    }

    private float Rate(double done) => _options.LearningRate * Math.Max(SkipGram.LeastRate, (float)(1 - done));

    private (double, int) Steps(
        ReadOnlySpan<TokenPair> pairs, int first, int count, in Negatives negatives, float rate, EgesNetwork.Scratch scratch)
    {
        var (loss, measured) = (0.0, 0);
        for (var p = first; p < pairs.Length && p < first + count; p++)
        {
            var one = _network.Step(pairs[p].Centre, pairs[p].Context, negatives, p, rate, scratch);
            if (!SkipGramKernel.Measures(p)) continue;
            loss += one;
            measured++;
        }
        return (loss, measured);
    }
}

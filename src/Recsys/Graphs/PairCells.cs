using Recsys.Numerics;

namespace Recsys.Graphs;

/// <summary>
/// The pairs of an episode, sorted by (block of the centre, block of the context), or for CBOW by the block of the centre alone. Within
/// a cell they keep their order.
/// </summary>
internal sealed class PairCells(TokenBlocks tokens, bool windows)
{
    private readonly int _cells = windows ? tokens.Blocks : tokens.Blocks * tokens.Blocks;
    private readonly int[][] _starts = new int[PairStream.Groups + 1][];   // [group][cell]: where its pairs go
    private TokenPair[] _sorted = [];

    /// <summary>The pairs of a cell: a · blocks + b, or for CBOW the block of the centre.</summary>
    public ReadOnlySpan<TokenPair> Cell(int cell)
        => _sorted.AsSpan(_starts[0][cell], _starts[PairStream.Groups][cell] - _starts[0][cell]);

    /// <summary>Sorts the present episode.</summary>
    public void Sort(PairStream stream, int threads, CancellationToken cancel)
    {
        Shards.Run(PairStream.Groups, threads, g =>
        {
            var counts = _starts[g] ??= new int[_cells];
            Array.Clear(counts);
            foreach (var pair in stream.Group(g)) counts[CellOf(pair)]++;
        }, cancel);
        var next = 0;
        var ends = _starts[PairStream.Groups] ??= new int[_cells];
        for (var cell = 0; cell < _cells; cell++)
        {
            for (var g = 0; g < PairStream.Groups; g++) (_starts[g][cell], next) = (next, next + _starts[g][cell]);
            ends[cell] = next;
        }
        if (_sorted.Length < next) _sorted = new TokenPair[next];
        Shards.Run(PairStream.Groups, threads, g =>
        {
            var places = _starts[g];
            foreach (var pair in stream.Group(g)) _sorted[places[CellOf(pair)]++] = pair;
        }, cancel);
        // Each group's places have moved to where the next group began; the first's must be the cell's own start again.
        for (var cell = _cells - 1; cell > 0; cell--) _starts[0][cell] = ends[cell - 1];
        _starts[0][0] = 0;
    }

    private int CellOf(TokenPair pair)
        => windows
            ? tokens.BlockOf[pair.Centre < 0 ? ~pair.Centre : pair.Centre]
            : tokens.BlockOf[pair.Centre] * tokens.Blocks + tokens.BlockOf[pair.Context];
}

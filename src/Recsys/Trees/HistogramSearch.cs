using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>
/// The histograms of nodes and their best splits. Of two children the smaller is counted, the larger is the parent less the smaller. Large
/// nodes are counted by parts of their rows, a block of rows in all columns after the other; for small ones one loop over strips of columns
/// counts, subtracts and searches. Both ways add integers, so threads change nothing.
/// </summary>
internal sealed class HistogramSearch
{
    // Work for one thread: below it, waking another costs more than it saves.
    private const int RowGrain = 4096;
    private const int Block = 512;
    private const int CellGrain = 2048;
    private const int CodeGrain = 16384;
    private const long HistogramBudget = 1L << 30;

    private readonly BinnedMatrix _data;
    private readonly GradientPairs _gradients;
    private readonly SplitRules _rules;
    private readonly SplitRules _anyRows;
    private readonly int _threads;
    private readonly sbyte[]? _signs;
    private readonly CategorySearch? _categories;
    private readonly bool[] _used;
    private readonly int[] _cells;
    private readonly long[][] _partial;
    private readonly Stack<long[]> _free = new();
    private readonly HistogramSplit[] _first;
    private readonly HistogramSplit[] _second;
    private readonly int _most;
    private readonly long[] _smallPairs = new long[2 * RowGrain];
    private HistogramLayout _layout;
    private int[] _sets = [];
    private long[] _largePairs = [];
    private int _held;

    public HistogramSearch(
        BinnedMatrix data, GradientPairs gradients, SplitRules rules, int threads, sbyte[]? signs, CategorySearch? categories)
    {
        (_data, _gradients, _rules, _threads, _signs, _categories) = (data, gradients, rules, threads, signs, categories);
        _anyRows = rules with { MinLeafRows = 1 };
        (_used, _cells) = (new bool[data.ColumnCount], new int[data.ColumnCount]);
        for (var column = 0; column < _cells.Length; column++)
        {
            _cells[column] = data.Bins(column) + 1;
            _most = checked(_most + _cells[column]);
        }
        _layout = new HistogramLayout(_cells, _used, threads);
        _partial = new long[threads][];
        (_first, _second) = (new HistogramSplit[data.ColumnCount], new HistogramSplit[data.ColumnCount]);
    }

    /// <summary>Lays histograms out for the columns that a tree may split; the search of its root counts them.</summary>
    public void BeginTree(ReadOnlySpan<bool> usedColumns)
    {
        var numbers = new bool[_used.Length];
        var sets = new List<int>();
        for (var column = 0; column < numbers.Length; column++)
        {
            var isSet = _categories is not null && _categories.Has(column);
            numbers[column] = usedColumns[column] && !isSet && !_data.IsConstant(column);
            if (usedColumns[column] && isSet) sets.Add(column);
        }
        _sets = [.. sets];
        if (numbers.AsSpan().SequenceEqual(_used)) return;
        numbers.CopyTo(_used, 0);
        _layout = new HistogramLayout(_cells, _used, _threads);
    }

    /// <summary>Finds the best split of the root.</summary>
    public void Root(TreeGrowthNode root, ReadOnlyMemory<int> rows)
    {
        root.Histogram = Rent();
        Search(root, null, null, rows);
    }

    /// <summary>Finds the best splits of both children, and gives up the histogram of the parent.</summary>
    public void Children(TreeGrowthNode parent, TreeGrowthNode left, TreeGrowthNode right, ReadOnlyMemory<int> rows)
    {
        var (small, large) = left.Count <= right.Count ? (left, right) : (right, left);
        small.Histogram = Rent();
        var whole = parent.Histogram;
        (large.Histogram, parent.Histogram) = (whole ?? Rent(), null);
        Search(small, large, whole, rows);
    }

    /// <summary>Gives up the histogram of a node, if it has one.</summary>
    public void Return(TreeGrowthNode node)
    {
        if (node.Histogram is null) return;
        _held--;
        _free.Push(node.Histogram);
        node.Histogram = null;
    }

    // One node, or a small one and its sibling, whose histogram is that of their parent unless whole is null.
    private void Search(TreeGrowthNode small, TreeGrowthNode? large, long[]? whole, ReadOnlyMemory<int> rows)
    {
        var smallParts = CountByRows(small, rows);
        var largeParts = 0;
        if (large is not null && whole is null)
        {
            largeParts = CountRest(large, rows, small, smallParts);
            smallParts = Math.Min(smallParts, 1);
        }
        var strips = _layout.Strips.Length;
        if (smallParts == 0 && strips > 0) _gradients.Pack(Rows(small, rows), _smallPairs.AsSpan(0, small.Count));
        if (large is not null && whole is null && largeParts == 0 && strips > 0)
        {
            if (_largePairs.Length == 0) _largePairs = new long[_smallPairs.Length];
            _gradients.Pack(Rows(large, rows), _largePairs.AsSpan(0, large.Count));
        }
        var isWork = _layout.Length > CellGrain || (long)small.Count * _used.Length > CodeGrain || _sets.Length > 0;
        Shards.Run(strips + _sets.Length, isWork ? _threads : 1, task =>
        {
            if (task >= strips)
            {
                var column = _sets[task - strips];
                _first[column] = _categories!.Find(column, Rows(small, rows), small.Bounds);
                if (large is not null) _second[column] = _categories.Find(column, Rows(large, rows), large.Bounds);
                return;
            }
            var strip = _layout.Strips[task];
            var cells = Strip(small, strip);
            if (smallParts == 0) Count(small, rows, task, _smallPairs);
            for (var part = 1; part < smallParts; part++) Histograms.Add(cells, _partial[part].AsSpan(strip.Start, strip.Length));
            Find(small, task, _first);
            if (large is null) return;
            if (whole is not null) Histograms.Subtract(Strip(large, strip), cells);
            else if (largeParts == 0) Count(large, rows, task, _largePairs);
            Find(large, task, _second);
        });
        if (strips == 0) small.Pair = _gradients.Total(Rows(small, rows));
        Choose(small, _first, rows);
        if (large is null) return;
        if (strips == 0) large.Pair = _gradients.Total(Rows(large, rows));
        Choose(large, _second, rows);
    }

    // By parts of the rows, the first into the node's own histogram. Returns the parts that strips must put together; 0: nothing counted.
    private int CountByRows(TreeGrowthNode node, ReadOnlyMemory<int> rows)
    {
        if (node.Count <= _smallPairs.Length || _layout.Length == 0) return 0;
        var parts = Math.Min(node.Count / RowGrain, _threads);
        Shards.Run(parts, parts, part =>
        {
            var (start, end) = Shards.Range(node.Count, parts, part);
            var cells = part == 0 ? node.Histogram! : _partial[part] ??= new long[_most];
            cells.AsSpan(0, _layout.Length).Clear();
            Span<long> pairs = stackalloc long[Block];
            var own = Rows(node, rows)[..end];
            for (; start < end; start += Block)
            {
                var count = Math.Min(Block, end - start);
                _gradients.Pack(own.Slice(start, count), pairs[..count]);
                Add(own[start..], pairs[..count], 0, _layout.Strips.Length, cells);
            }
        });
        return parts;
    }

    // The sibling of a node whose parent has no histogram; the partial sums of the node must not be lost.
    private int CountRest(TreeGrowthNode node, ReadOnlyMemory<int> rows, TreeGrowthNode small, int partsInUse)
    {
        for (var part = 1; part < partsInUse; part++)
            Histograms.Add(small.Histogram.AsSpan(0, _layout.Length), _partial[part].AsSpan(0, _layout.Length));
        var parts = CountByRows(node, rows);
        for (var part = 1; part < parts; part++)
            Histograms.Add(node.Histogram.AsSpan(0, _layout.Length), _partial[part].AsSpan(0, _layout.Length));
        return parts;
    }

    private void Count(TreeGrowthNode node, ReadOnlyMemory<int> rows, int strip, long[] pairs)
    {
        Strip(node, _layout.Strips[strip]).Clear();
        Add(Rows(node, rows), pairs.AsSpan(0, node.Count), strip, strip + 1, node.Histogram!);
    }

    private void Add(ReadOnlySpan<int> rows, ReadOnlySpan<long> pairs, int first, int end, long[] cells)
        => Histograms.Add(_data.Codes, _data.ColumnCount, _layout, first, end, rows, pairs, cells.AsSpan(0, _layout.Length));

    private void Find(TreeGrowthNode node, int task, HistogramSplit[] found)
    {
        var strip = _layout.Strips[task];
        var total = 0L;
        foreach (var cell in node.Histogram.AsSpan(strip.Start, _cells[strip.Columns[0]])) total += cell;
        if (task == 0) node.Pair = total;
        foreach (var column in strip.Columns)
            found[column] = node.Count < 2 * _rules.MinLeafRows ? default : Find(node, column, total, [], _anyRows);
    }

    private HistogramSplit Find(TreeGrowthNode node, int column, long total, ReadOnlySpan<long> counts, in SplitRules rules)
    {
        var cells = node.Histogram.AsSpan(_layout.Offset(column), _cells[column]);
        return _signs is null
            ? SplitFinder.Find(cells, counts, total, node.Count, column, rules, _gradients.UnitG, _gradients.UnitH)
            : BoundedSplits.Find(cells, counts, total, node.Count, column, rules, _signs[column], node.Bounds, _gradients.UnitG,
                _gradients.UnitH);
    }

    // Of equals the first column.
    private void Choose(TreeGrowthNode node, HistogramSplit[] found, ReadOnlyMemory<int> rows)
    {
        if (_rules.MinLeafRows > 1) KeepLeastRows(node, found, rows);
        foreach (var strip in _layout.Strips)
            foreach (var column in strip.Columns) Take(node, found[column]);
        foreach (var column in _sets) Take(node, found[column]);
        // Past the budget, a node that will be split counts both children instead of keeping its cells.
        if (node.Best.Gain <= 0 || _held * (long)_most * sizeof(long) > HistogramBudget) Return(node);
    }

    private static void Take(TreeGrowthNode node, in HistogramSplit split)
    {
        var best = node.Best;
        if (split.Gain > best.Gain || (split.Gain == best.Gain && split.Gain > 0 && split.Column < best.Column)) node.Best = split;
    }

    // A side whose second derivatives sum to so much that it must have the rows needs no counts: most sides do. Rows are counted for the
    // columns whose best split may have too few, in the order of their gains and as long as they may still win.
    private void KeepLeastRows(TreeGrowthNode node, HistogramSplit[] found, ReadOnlyMemory<int> rows)
    {
        var open = new List<int>();
        var sure = 0.0;
        foreach (var column in _sets) sure = Math.Max(sure, found[column].Gain);
        foreach (var strip in _layout.Strips)
        {
            foreach (var column in strip.Columns)
            {
                if (found[column].Gain <= 0) continue;
                if (HasRows(node, found[column])) sure = Math.Max(sure, found[column].Gain);
                else open.Add(column);
            }
        }
        Span<long> counts = stackalloc long[BinnedMatrix.MostBins + 1];
        while (open.Count > 0)
        {
            // Of equals the first column, whatever the order of the others.
            var place = 0;
            for (var i = 1; i < open.Count; i++)
            {
                var (gain, most) = (found[open[i]].Gain, found[open[place]].Gain);
                if (gain > most || (gain == most && open[i] < open[place])) place = i;
            }
            var column = open[place];
            if (found[column].Gain < sure)
            {
                foreach (var loser in open) found[loser] = default;
                return;
            }
            open[place] = open[^1];
            open.RemoveAt(open.Count - 1);
            var own = counts[.._cells[column]];
            own.Clear();
            Histograms.CountCodes(_data.Codes, _data.ColumnCount, column, Rows(node, rows), own);
            found[column] = Find(node, column, node.Pair, own, _rules);
            sure = Math.Max(sure, found[column].Gain);
        }
    }

    private bool HasRows(TreeGrowthNode node, in HistogramSplit split)
    {
        var cells = node.Histogram.AsSpan(_layout.Offset(split.Column), _cells[split.Column]);
        long left = 0;
        foreach (var cell in cells.Slice(1, split.Bin)) left += cell;
        if (split.MissingLeft) left += cells[0];
        var least = _rules.MinLeafRows * _gradients.MostH;
        return (uint)left >= least && (uint)(node.Pair - left) >= least;
    }

    private static ReadOnlySpan<int> Rows(TreeGrowthNode node, ReadOnlyMemory<int> rows) => rows.Span.Slice(node.Start, node.Count);

    private static Span<long> Strip(TreeGrowthNode node, HistogramLayout.Strip strip) => node.Histogram.AsSpan(strip.Start, strip.Length);

    private long[] Rent()
    {
        _held++;
        return _free.TryPop(out var histogram) ? histogram : new long[_most];
    }
}

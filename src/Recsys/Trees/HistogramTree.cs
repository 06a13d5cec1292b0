using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>When a histogram tree stops, and what it grows next.</summary>
internal readonly record struct GrowthRules(bool LeafWise, int MaxLeaves, int MaxDepth);

/// <summary>
/// Grows second-order trees on histograms: the smaller child of a split is counted, the larger is the parent less the smaller. The rows of
/// a node are a range of one array of row numbers. Holds the working memory between trees; one tree at a time.
/// </summary>
internal sealed class HistogramTree
{
    // Work for one thread: below it, waking another costs more than it saves.
    private const int Grain = 1 << 15;
    private const long HistogramBudget = 1L << 30;

    private readonly BinnedMatrix _data;
    private readonly GradientPairs _gradients;
    private readonly SplitRules _rules;
    private readonly GrowthRules _growth;
    private readonly int _threads;
    private readonly int[] _spare;
    private readonly long[] _ones;
    private readonly int _length;
    private readonly HistogramLayout _layout;
    private readonly long[][] _partial;
    private readonly Stack<long[]> _free = new();
    private readonly HistogramSplit[] _byColumn;
    private readonly sbyte[]? _signs;
    private readonly CategorySearch? _categories;
    private int _held;

    /// <summary>Prepares the memory.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="gradients">Of the rows; may change between trees.</param>
    /// <param name="rules">The objective.</param>
    /// <param name="growth">The size of trees.</param>
    /// <param name="threads">Does not change the result.</param>
    /// <param name="signs">What each column may do to the score: raise it (1), lower it (-1), both (0); null: all both. [columns]</param>
    /// <param name="categories">Columns that are split by sets; null: none.</param>
    public HistogramTree(BinnedMatrix data, GradientPairs gradients, SplitRules rules, GrowthRules growth, int threads,
        sbyte[]? signs = null, CategorySearch? categories = null)
    {
        (_data, _gradients, _rules, _growth, _threads) = (data, gradients, rules, growth, threads);
        (_signs, _categories) = (signs, categories);
        _spare = new int[data.RowCount];
        _ones = rules.MinLeafRows > 1 ? new long[data.RowCount] : [];
        Array.Fill(_ones, 1);
        // Counts of rows, where they matter, lie behind the pairs.
        _length = checked(data.HistogramLength * (_ones.Length > 0 ? 2 : 1));
        var (cells, used) = (new int[data.ColumnCount], new bool[data.ColumnCount]);
        for (var column = 0; column < cells.Length; column++) (cells[column], used[column]) = (data.Bins(column) + 1, true);
        _layout = new HistogramLayout(cells, used, 1);
        _partial = new long[threads][];
        _byColumn = new HistogramSplit[data.ColumnCount];
    }

    /// <summary>Adds one tree; leaves get their values, times the rate.</summary>
    /// <param name="builder">Receives the nodes.</param>
    /// <param name="rows">The rows to fit, reordered so that each leaf owns a range.</param>
    /// <param name="usedColumns">The columns that may be split.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="cancel">Checked for each split.</param>
    /// <returns>The leaves and their ranges.</returns>
    public List<Leaf> Grow(TreeBuilder builder, Memory<int> rows, bool[] usedColumns, double rate, CancellationToken cancel)
    {
        var root = new Node(builder.BeginTree(), 0, rows.Length, 0, ValueBounds.None);
        var (open, leaves) = (new List<Node>(), new List<Leaf>());
        if (rows.Length > 0 && _growth.MaxLeaves > 1 && root.Depth != _growth.MaxDepth)
        {
            root.Histogram = Rent();
            Count(rows.Span, root.Histogram);
            Consider(root, rows, usedColumns, builder);
        }
        open.Add(root);
        for (var leafCount = 1; leafCount < _growth.MaxLeaves && Next(open) is { } node; leafCount++)
        {
            cancel.ThrowIfCancellationRequested();
            open.Remove(node);
            var split = node.Best;
            var leftRows = Partition(rows.Slice(node.Start, node.Count), split);
            var left = split.Categories is null
                ? builder.Split(node.Id, split.Column, _data.Threshold(split.Column, split.Bin), split.MissingLeft, split.Gain)
                : builder.Split(node.Id, split.Column, _categories!.Listed(split), split.MissingLeft, split.Gain);
            var bounds = node.Bounds.Split(_signs?[split.Column] ?? 0, split.Middle);
            var children = (Left: new Node(left, node.Start, leftRows, node.Depth + 1, bounds.Left),
                Right: new Node(left + 1, node.Start + leftRows, node.Count - leftRows, node.Depth + 1, bounds.Right));
            open.Add(children.Left);
            open.Add(children.Right);
            if (leafCount + 1 < _growth.MaxLeaves && children.Left.Depth != _growth.MaxDepth)
                Search(node, children.Left, children.Right, rows, usedColumns, builder);
            else
                Return(node);
        }
        foreach (var node in open)
        {
            Return(node);
            leaves.Add(new Leaf(node.Id, node.Start, node.Count, node.Bounds));
        }
        var values = new (double Value, double H)[leaves.Count];
        var order = rows;
        Shards.Run(leaves.Count, rows.Length > Grain ? _threads : 1, i =>
            values[i] = Value(order.Span.Slice(leaves[i].Start, leaves[i].Count)), cancel);
        for (var i = 0; i < values.Length; i++)
        {
            builder.SetValue(leaves[i].Node, rate * leaves[i].Bounds.Clamp(values[i].Value));
            builder.SetCover(leaves[i].Node, values[i].H);
        }
        return leaves;
    }

    private void Search(Node parent, Node left, Node right, Memory<int> rows, bool[] usedColumns, TreeBuilder builder)
    {
        var (small, large) = left.Count <= right.Count ? (left, right) : (right, left);
        small.Histogram = Rent();
        Count(rows.Span.Slice(small.Start, small.Count), small.Histogram);
        if (parent.Histogram is { } whole)
        {
            Histograms.Subtract(whole, small.Histogram);
            (large.Histogram, parent.Histogram) = (whole, null);
        }
        else
        {
            large.Histogram = Rent();
            Count(rows.Span.Slice(large.Start, large.Count), large.Histogram);
        }
        Consider(left, rows, usedColumns, builder);
        Consider(right, rows, usedColumns, builder);
    }

    // The node to split next, or null.
    private Node? Next(List<Node> open)
    {
        var best = default(Node);
        foreach (var node in open)
        {
            if (node.Best.Gain <= 0) continue;
            if (best is null || (_growth.LeafWise ? node.Best.Gain > best.Best.Gain : node.Depth < best.Depth)) best = node;
        }
        return best;
    }

    private void Consider(Node node, Memory<int> rows, bool[] usedColumns, TreeBuilder builder)
    {
        var histogram = node.Histogram!;
        var pairs = 0L;
        foreach (var cell in histogram.AsSpan(0, _data.Bins(0) + 1)) pairs += cell;
        builder.SetCover(node.Id, GradientPairs.Low(pairs) * _gradients.UnitH);
        if (node.Count >= 2 * _rules.MinLeafRows)
        {
            var parts = _data.HistogramLength > Grain / 8 || (_categories is not null && node.Count > Grain / 8) ? _threads : 1;
            Shards.Run(parts, parts, part =>
            {
                var (start, end) = Shards.Range(_data.ColumnCount, parts, part);
                for (var column = start; column < end; column++)
                    _byColumn[column] = usedColumns[column] ? Find(node, rows, histogram, pairs, column) : default;
            });
            foreach (var split in _byColumn)
                if (split.Gain > node.Best.Gain) node.Best = split;
        }
        // Past the budget, a node that will be split counts both children instead of keeping its cells.
        if (node.Best.Gain <= 0 || _held * (long)_length * sizeof(long) > HistogramBudget) Return(node);
    }

    private HistogramSplit Find(Node node, Memory<int> rows, long[] histogram, long pairs, int column)
    {
        if (_categories is not null && _categories.Has(column))
            return _categories.Find(column, rows.Span.Slice(node.Start, node.Count), node.Bounds);
        var (first, cells) = (_data.Offsets[column], _data.Bins(column) + 1);
        var counts = _ones.Length > 0 ? histogram.AsSpan(_data.HistogramLength + first, cells) : default;
        return _signs is null
            ? SplitFinder.Find(histogram.AsSpan(first, cells), counts, pairs, node.Count, column, _rules, _gradients.UnitG,
                _gradients.UnitH)
            : BoundedSplits.Find(histogram.AsSpan(first, cells), counts, pairs, node.Count, column, _rules, _signs[column], node.Bounds,
                _gradients.UnitG, _gradients.UnitH);
    }

    private void Count(ReadOnlySpan<int> rows, long[] histogram)
    {
        var parts = (int)Math.Clamp((long)rows.Length * _data.ColumnCount / Grain, 1, _threads);
        if (parts == 1)
        {
            Count(rows, histogram.AsSpan());
            return;
        }
        Shards.Run(parts, parts, new CountBody(this, rows, histogram));
        for (var part = 1; part < parts; part++) Histograms.Add(histogram, _partial[part]);
    }

    private void Count(ReadOnlySpan<int> rows, Span<long> histogram)
    {
        histogram.Clear();
        Add(rows, _gradients.Packed, histogram[.._layout.Length]);
        if (_ones.Length > 0) Add(rows, _ones, histogram[_layout.Length..]);
    }

    private void Add(ReadOnlySpan<int> rows, long[] pairs, Span<long> histogram)
        => Histograms.Add(_data.Codes, _data.ColumnCount, _layout, 0, _layout.Strips.Length, rows, pairs, histogram);

    private int Partition(Memory<int> rows, HistogramSplit split)
    {
        var parts = Math.Clamp(rows.Length / (Grain / 4), 1, _threads);
        var fronts = new int[parts];
        Shards.Run(parts, parts, part =>
        {
            var (start, end) = Shards.Range(rows.Length, parts, part);
            var own = rows.Span[start..end];
            var spare = _spare.AsSpan(start, end - start);
            fronts[part] = split.Categories is not null
                ? _categories!.Partition(split, own, spare)
                : Histograms.Partition(_data.Codes, _data.ColumnCount, split.Column, split.Bin, split.MissingLeft, own, spare);
        });
        var all = rows.Span;
        var front = 0;
        for (var part = 0; part < parts; part++)
        {
            var start = Shards.Range(rows.Length, parts, part).Start;
            all.Slice(start, fronts[part]).CopyTo(all[front..]);
            front += fronts[part];
        }
        var back = front;
        for (var part = 0; part < parts; part++)
        {
            var (start, end) = Shards.Range(rows.Length, parts, part);
            var count = end - start - fronts[part];
            _spare.AsSpan(start, count).CopyTo(all[back..]);
            back += count;
        }
        return front;
    }

    private (double Value, double H) Value(ReadOnlySpan<int> rows)
    {
        long g = 0, h = 0;
        foreach (var row in rows)
        {
            g += (long)Math.Round(_gradients.G[row] * _gradients.FineG);
            h += (long)Math.Round(_gradients.H[row] * _gradients.FineH);
        }
        return (_rules.Leaf(g / _gradients.FineG, h / _gradients.FineH), h / _gradients.FineH);
    }

    private long[] Rent()
    {
        _held++;
        return _free.TryPop(out var histogram) ? histogram : new long[_length];
    }

    private void Return(Node node)
    {
        if (node.Histogram is null) return;
        _held--;
        _free.Push(node.Histogram);
        node.Histogram = null;
    }

    /// <summary>A leaf of the tree that was grown, and the rows that reach it.</summary>
    internal readonly record struct Leaf(int Node, int Start, int Count, ValueBounds Bounds);

    private sealed class Node(int id, int start, int count, int depth, ValueBounds bounds)
    {
        public ValueBounds Bounds { get; } = bounds;

        public int Id { get; } = id;

        public int Start { get; } = start;

        public int Count { get; } = count;

        public int Depth { get; } = depth;

        public HistogramSplit Best { get; set; }

        public long[]? Histogram { get; set; }
    }

    private readonly ref struct CountBody(HistogramTree tree, ReadOnlySpan<int> rows, long[] first) : IShardBody
    {
        private readonly ReadOnlySpan<int> _rows = rows;

        public void Run(int part)
        {
            var parts = (int)Math.Clamp((long)_rows.Length * tree._data.ColumnCount / Grain, 1, tree._threads);
            var (start, end) = Shards.Range(_rows.Length, parts, part);
            tree.Count(_rows[start..end], part == 0 ? first : (tree._partial[part] ??= new long[tree._length]).AsSpan());
        }
    }
}

using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>One tree of a text model.</summary>
internal sealed class LightGbmTree
{
    private const int Categorical = 1;
    private const int DefaultLeft = 2;
    private const int MissingZero = 1;
    private const int MissingNaN = 2;

    private readonly LightGbmBlock _block;
    private readonly int _splits;
    private readonly int[] _columns = [];
    private readonly int[] _types = [];
    private readonly double[] _thresholds = [];
    private readonly int[] _lefts = [];
    private readonly int[] _rights = [];
    private readonly double[] _gains = [];
    private readonly double[] _leaves;
    private readonly int[] _leafCounts;
    private readonly int[] _innerCounts = [];
    private readonly int[]?[] _sets = [];

    public LightGbmTree(LightGbmBlock block, int number, int columns)
    {
        _block = block;
        if (block.Has("is_linear") && block.Integer("is_linear", 0, 1) == 1)
            throw block.Bad("is_linear", $"is 1: tree {number} has linear leaves, which are not supported (train with linear_tree=false)");
        var leaves = block.Integer("num_leaves", 1, int.MaxValue);
        _splits = leaves - 1;
        _leaves = block.Numbers("leaf_value", leaves);
        _leafCounts = block.Has("leaf_count") && _splits > 0 ? block.Integers("leaf_count", leaves) : [];
        if (_splits == 0) return;
        _columns = block.Integers("split_feature", _splits);
        _types = block.Has("decision_type") ? block.Integers("decision_type", _splits) : new int[_splits];
        _thresholds = block.Numbers("threshold", _splits, allowInfinite: true);
        _lefts = block.Integers("left_child", _splits);
        _rights = block.Integers("right_child", _splits);
        _gains = block.Has("split_gain") ? block.Numbers("split_gain", _splits) : new double[_splits];
        _innerCounts = block.Has("internal_count") ? block.Integers("internal_count", _splits) : [];
        for (var n = 0; n < _splits; n++)
        {
            if ((uint)_columns[n] >= (uint)columns)
                throw block.Bad("split_feature", $"names column {_columns[n]} at {n}; there are {columns}");
            if (_types[n] is < 0 or > 11) throw block.Bad("decision_type", $"is {_types[n]} at {n}; 0 to 11 have a meaning");
            Check("left_child", _lefts[n], n);
            Check("right_child", _rights[n], n);
        }
        if (Array.Exists(_types, type => (type & Categorical) != 0)) _sets = Sets();
    }

    /// <summary>Notes in which columns 0 is a value, and in which it is missing.</summary>
    public void MarkColumns(bool[] plain, bool[] zero)
    {
        for (var n = 0; n < _splits; n++) (ZeroIsMissing(n) ? zero : plain)[_columns[n]] = true;
    }

    /// <summary>Inner nodes, then leaves.</summary>
    /// <param name="zeroColumns">The column that stands for each where 0 is missing.</param>
    public ForeignNode[] Nodes(int[] zeroColumns)
    {
        var nodes = new ForeignNode[_splits + _leaves.Length];
        int Place(int child) => child >= 0 ? child : _splits - 1 - child;
        for (var n = 0; n < _splits; n++)
        {
            var cover = _innerCounts.Length > 0 ? _innerCounts[n] : 0;
            var gain = (float)Math.Clamp(_gains[n], float.MinValue, float.MaxValue);
            var column = ZeroIsMissing(n) ? zeroColumns[_columns[n]] : _columns[n];
            nodes[n] = _sets.Length > 0 && _sets[n] is { } set
                ? new ForeignNode(column, 0, false, Place(_lefts[n]), Place(_rights[n]), 0, gain, cover, set)
                : new ForeignNode(column, Below(_thresholds[n]), MissingLeft(n), Place(_lefts[n]), Place(_rights[n]), 0, gain, cover);
        }
        for (var leaf = 0; leaf < _leaves.Length; leaf++)
        {
            var value = (float)_leaves[leaf];
            if (!float.IsFinite(value)) throw _block.Bad("leaf_value", $"is {_leaves[leaf]} at {leaf}, which no float holds");
            nodes[_splits + leaf] = new ForeignNode(-1, 0, false, -1, -1, value, 0, _leafCounts.Length > 0 ? _leafCounts[leaf] : 0);
        }
        return nodes;
    }

    private bool ZeroIsMissing(int n) => (_types[n] & Categorical) == 0 && _types[n] >> 2 == MissingZero;

    // Where nothing is missing, NaN goes where 0 goes.
    private bool MissingLeft(int n)
        => _types[n] >> 2 is MissingZero or MissingNaN ? (_types[n] & DefaultLeft) != 0 : 0 <= _thresholds[n];

    // The greatest float that is not above: x ≤ threshold is the same for finite floats then.
    private static float Below(double threshold)
    {
        if (threshold <= float.MinValue) return float.MinValue;
        var near = (float)Math.Min(threshold, float.MaxValue);
        return near > threshold ? MathF.BitDecrement(near) : near;
    }

    private void Check(string key, int child, int n)
    {
        if (child >= _splits || child < -_leaves.Length)
            throw _block.Bad(key, $"is {child} at {n}; there are {_splits} splits and {_leaves.Length} leaves");
    }

    private int[]?[] Sets()
    {
        var count = _block.Integer("num_cat", 0, int.MaxValue - 1);
        var ends = _block.Integers("cat_boundaries", count + 1);
        for (var i = 0; i <= count; i++)
            if (i == 0 ? ends[0] != 0 : ends[i] < ends[i - 1])
                throw _block.Bad("cat_boundaries", $"is {ends[i]} at {i}; they ascend from 0");
        var words = _block.Words("cat_threshold", ends[count]);
        var sets = new int[]?[_splits];
        var used = new bool[count];
        for (var n = 0; n < _splits; n++)
        {
            if ((_types[n] & Categorical) == 0) continue;
            var at = _thresholds[n];
            // Each set once, so that a forged file cannot have one written out many times over.
            if (at != Math.Floor(at) || at < 0 || at >= count || used[(int)at])
                throw _block.Bad("threshold", $"is {at} at {n}: not the number of a set of categories of its own, of {count}");
            used[(int)at] = true;
            var (start, end) = (ends[(int)at], ends[(int)at + 1]);
            if (end - start > ForeignFile.MostCategory / 32)
                throw _block.Bad("cat_boundaries", $"makes set {at} {end - start} words long; {ForeignFile.MostCategory / 32} fit a float");
            var set = new List<int>();
            for (var word = start; word < end; word++)
                for (var bit = 0; bit < 32; bit++)
                    if ((words[word] >> bit & 1) != 0) set.Add(((word - start) * 32) + bit);
            sets[n] = ForeignFile.Categories([.. set], "'cat_threshold'");
        }
        return sets;
    }
}

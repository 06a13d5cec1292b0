namespace Recsys.Numerics;

/// <summary>
/// Sums that fall on few of many places: Gustavson's sparse accumulator (ACM TOMS 4(3), 1978). Each place holds a sum and the weight behind
/// it; <see cref="Touched"/> lists the places with a weight, so reading and clearing cost what was written, not the number of places.
/// </summary>
internal sealed class SparseAccumulator(int places)
{
    private readonly Cell[] _cells = new Cell[places];
    private readonly int[] _touched = new int[places];
    private int _count;

    /// <summary>The places with a weight, in the order in which they were first met.</summary>
    public ReadOnlySpan<int> Touched => _touched.AsSpan(0, _count);

    public float Sum(int place) => _cells[place].Sum;

    public float Weight(int place) => _cells[place].Weight;

    /// <summary>For every listed place p with weight w &gt; 0: sum(p) += w · x, weight(p) += w.</summary>
    public void Add(ReadOnlySpan<int> at, ReadOnlySpan<float> weights, float x)
    {
        weights = weights[..at.Length];
        for (var i = 0; i < at.Length; i++) Add(at[i], weights[i], x);
    }

    /// <summary>For every listed place p with value v: sum(p) += w · (v - offset), weight(p) += w, where w &gt; 0.</summary>
    public void AddValues(ReadOnlySpan<int> at, ReadOnlySpan<float> values, float offset, float w)
    {
        values = values[..at.Length];
        for (var i = 0; i < at.Length; i++) Add(at[i], w, values[i] - offset);
    }

    /// <summary>For every listed place p: sum(p) += w, weight(p) += w, where w &gt; 0.</summary>
    public void AddOnes(ReadOnlySpan<int> at, float w)
    {
        foreach (var place in at) Add(place, w, 1);
    }

    /// <summary>Empties every touched place.</summary>
    public void Clear()
    {
        foreach (var place in Touched) _cells[place] = default;
        _count = 0;
    }

    private void Add(int place, float w, float x)
    {
        ref var cell = ref _cells[place];
        if (cell.Weight == 0) _touched[_count++] = place;
        cell.Sum += w * x;
        cell.Weight += w;
    }

    private struct Cell
    {
        public float Sum;
        public float Weight;
    }
}

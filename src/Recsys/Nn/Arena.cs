using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// Memory that is taken piece by piece and given back all at once. Slabs stay where they are, so a piece is good until the rewind; once
/// they suffice nothing is allocated any more. Pieces begin on cache lines and hold anything.
/// </summary>
internal sealed class Arena(int firstSlab = 1 << 16)
{
    private const int Line = 16;
    private readonly List<AlignedFloats> _slabs = [];
    private readonly List<int[]> _intSlabs = [];
    private int _slab, _used, _intSlab, _intsUsed;

    public FloatBlock Take(int length)
    {
        var size = (length + Line - 1) & ~(Line - 1);
        while (_slab < _slabs.Count && _slabs[_slab].Length - _used < size)
        {
            _slab++;
            _used = 0;
        }
        if (_slab == _slabs.Count)
        {
            var grown = _slab == 0 ? firstSlab : (int)Math.Min(2L * _slabs[^1].Length, 1 << 26);
            _slabs.Add(new AlignedFloats(Math.Max(grown, size)));
        }
        var block = new FloatBlock { Slab = _slabs[_slab], Start = _used, Length = length };
        _used += size;
        return block;
    }

    public IntBlock TakeInts(int length)
    {
        while (_intSlab < _intSlabs.Count && _intSlabs[_intSlab].Length - _intsUsed < length)
        {
            _intSlab++;
            _intsUsed = 0;
        }
        if (_intSlab == _intSlabs.Count)
        {
            var grown = _intSlab == 0 ? firstSlab / 4 : (int)Math.Min(2L * _intSlabs[^1].Length, 1 << 26);
            _intSlabs.Add(new int[Math.Max(grown, length)]);
        }
        var block = new IntBlock { Slab = _intSlabs[_intSlab], Start = _intsUsed, Length = length };
        _intsUsed += length;
        return block;
    }

    public void Rewind() => (_slab, _used, _intSlab, _intsUsed) = (0, 0, 0, 0);
}

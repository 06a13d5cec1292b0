using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>Finds the best of all ways to cut a row of cells in two, eight at a time, by the gain of second-order trees.</summary>
internal static unsafe class SplitScan
{
    /// <summary>Most cells of a row.</summary>
    public const int MostCells = 256;

    /// <summary>
    /// The first place with the greatest a² / (b + λ) + c² / (d + λ) - score, where a and b are the sums of the cells on the left, c and
    /// d the others; 0 if none is above the floor.
    /// </summary>
    /// <param name="pairs">A signed number in the high 32 bits, an unsigned one in the low; cell 0 is left out. At most 256.</param>
    /// <param name="last">Places 1..last-1 are tried: the cell of the place is the last on the left. Empty cells are not.</param>
    /// <param name="start">What stands on the left from the start.</param>
    /// <param name="total">Both sides together, in steps.</param>
    /// <param name="units">What a step is worth in the high and the low number.</param>
    /// <param name="rules">λ, the least b and d, and the score.</param>
    /// <param name="floor">What the gain must be above; receives the greatest.</param>
    /// <param name="leftLow">Receives b of the place, in steps.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Best(
        ReadOnlySpan<long> pairs, int last, long start, long total, (double High, double Low) units,
        (double L2, double Least, double Score) rules, ref double floor, out uint leftLow)
    {
        const int Lanes = 8;
        leftLow = 0;
        if (pairs.Length > MostCells || last > pairs.Length) throw new ArgumentException("Too many cells.", nameof(pairs));
        var lefts = stackalloc long[MostCells + Lanes];
        var gains = stackalloc double[MostCells + Lanes];
        var left = start;
        for (var i = 1; i < last; i++)
        {
            left += pairs[i];
            lefts[i] = left;
        }
        // Lanes behind the end count as empty.
        for (var i = last; i < last + Lanes; i++) lefts[i] = lefts[last - 1];
        lefts[0] = start;
        var (unitHigh, unitLow) = (Vector512.Create(units.High), Vector512.Create(units.Low));
        var (allHigh, allLow) = (Vector512.Create((int)(total >> 32) * units.High), Vector512.Create((uint)total * units.Low));
        var (l2, least, score) = (Vector512.Create(rules.L2), Vector512.Create(rules.Least), Vector512.Create(rules.Score));
        var none = Vector512.Create(double.NegativeInfinity);
        var best = none;
        for (var i = 1; i < last; i += Lanes)
        {
            var sums = Vector512.Load(lefts + i);
            var isEmpty = Vector512.Equals(sums, Vector512.Load(lefts + i - 1)).AsDouble();
            var leftHigh = Vector512.ConvertToDouble(sums >> 32) * unitHigh;
            var leftSum = Vector512.ConvertToDouble(sums & Vector512.Create(0xFFFFFFFFL)) * unitLow;
            var (rightHigh, rightSum) = (allHigh - leftHigh, allLow - leftSum);
            var (a, b) = (leftSum + l2, rightSum + l2);
            // Both scores over one denominator: a division less.
            var gain = ((leftHigh * leftHigh * b) + (rightHigh * rightHigh * a)) / (a * b) - score;
            var isRight = Vector512.GreaterThanOrEqual(leftSum, least) & Vector512.GreaterThanOrEqual(rightSum, least)
                & Vector512.GreaterThan(rightSum, Vector512<double>.Zero) & Vector512.Equals(gain, gain);
            gain = Vector512.ConditionalSelect(Vector512.AndNot(isRight, isEmpty), gain, none);
            gain.Store(gains + i);
            best = Vector512.Max(best, gain);
        }
        var most = double.NegativeInfinity;
        for (var lane = 0; lane < Lanes; lane++) most = Math.Max(most, best[lane]);
        if (!(most > floor)) return 0;
        var place = 1;
        while (gains[place] != most) place++;
        floor = most;
        leftLow = (uint)lefts[place];
        return place;
    }
}

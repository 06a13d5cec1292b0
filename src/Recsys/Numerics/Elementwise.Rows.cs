using System.Numerics;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

// Softmax of many short rows at once: what a call for each row would cost in calls and ends of rows is most of the work there.
public static partial class Elementwise
{
    private const int ShortRow = 256;

    /// <summary>Softmax of the first numbers of each row, in place; the rest of a row becomes 0.</summary>
    /// <param name="x">Rows without gaps.</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="count">How many count, 0 to columns; of the first row, if <paramref name="growing"/>.</param>
    /// <param name="growing">Whether each row has one number more than the one before, up to <paramref name="most"/>.</param>
    /// <param name="most">The most that count.</param>
    internal static void SoftmaxRows(Span<float> x, int columns, int count, bool growing, int most)
    {
        if (columns > ShortRow)
        {
            for (var at = 0; at < x.Length; at += columns)
            {
                Softmax(x.Slice(at, count), x.Slice(at, count));
                x.Slice(at + count, columns - count).Clear();
                if (growing && count < most) count++;
            }
        }
        else if (Vector512.IsHardwareAccelerated) SoftmaxRows<Lanes512, Vector512<float>>(x, columns, count, growing, most);
        else if (Vector256.IsHardwareAccelerated) SoftmaxRows<Lanes256, Vector256<float>>(x, columns, count, growing, most);
        else SoftmaxRows<Lanes128, Vector128<float>>(x, columns, count, growing, most);
    }

    /// <summary>The way back of a softmax, row by row and in place: g = scale · y ⊙ (g − ⟨g, y⟩).</summary>
    /// <param name="y">Rows without gaps.</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="count">How many of a row count; the rest of the gradient is left as it is.</param>
    /// <param name="scale">A factor.</param>
    /// <param name="gradient">As long as y.</param>
    internal static unsafe void SoftmaxRowsBack(ReadOnlySpan<float> y, int columns, int count, float scale, Span<float> gradient)
    {
        if (gradient.Length != y.Length || count > columns) throw new ArgumentException("The sizes do not fit.", nameof(gradient));
        fixed (float* py = y, pg = gradient)
        {
            for (var at = 0; at <= y.Length - columns && columns > 0; at += columns)
            {
                float* row = py + at;
                float* g = pg + at;
                var (sums, i) = (Vector<float>.Zero, 0);
                for (; i <= count - Vector<float>.Count; i += Vector<float>.Count) sums += Vector.Load(row + i) * Vector.Load(g + i);
                var sum = Vector.Sum(sums);
                for (; i < count; i++) sum += row[i] * g[i];
                for (i = 0; i <= count - Vector<float>.Count; i += Vector<float>.Count)
                    Vector.Store((Vector.Load(g + i) - new Vector<float>(sum)) * Vector.Load(row + i) * scale, g + i);
                for (; i < count; i++) g[i] = (g[i] - sum) * row[i] * scale;
            }
        }
    }

    private static unsafe void SoftmaxRows<L, T>(Span<float> x, int columns, int count, bool growing, int most)
        where L : struct, IFunctionLanes<T> where T : struct
    {
        // A row is worked on where it ends in -∞, so that there are whole registers alone.
        var row = stackalloc float[ShortRow + 16];
        var lanes = stackalloc float[16];
        new Span<float>(row, columns + 16).Fill(float.NegativeInfinity);
        for (var at = 0; at < x.Length; at += columns)
        {
            var line = x.Slice(at, columns);
            line[count..].Clear();
            if (count > 0)
            {
                var values = new Span<float>(row, count);
                line[..count].CopyTo(values);
                // The place after the last may hold a power of a longer padding.
                for (var i = count; i < (count + L.Count - 1) / L.Count * L.Count; i++) row[i] = float.NegativeInfinity;
                var top = L.Load(row);
                for (var i = L.Count; i < count; i += L.Count) top = L.Max(top, L.Load(row + i));
                L.Store(top, lanes);
                var max = lanes[0];
                for (var i = 1; i < L.Count; i++) max = MathF.Max(max, lanes[i]);
                var (shift, sum) = (L.Create(max), L.Create(0));
                for (var i = 0; i < count; i += L.Count)
                {
                    var term = ExpMap.Apply<L, T>(L.Subtract(L.Load(row + i), shift));
                    L.Store(term, row + i);
                    sum = L.Add(sum, term);
                }
                var factor = L.Create(1 / L.Sum(sum));
                for (var i = 0; i < count; i += L.Count) L.Store(L.Multiply(L.Load(row + i), factor), row + i);
                values.CopyTo(line);
            }
            if (growing && count < most) count++;
        }
    }
}

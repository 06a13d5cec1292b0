using Recsys.Data;
using Recsys.Recall;

namespace Recsys.Tests.Reference;

/// <summary>The formulas of alternating least squares, written out over all pairs in double.</summary>
internal static class SlowAls
{
    /// <summary>x (and b) of a user with these values: one equation for every item, not only for the user's own.</summary>
    public static double[] Solve(Als model, AlsOptions o, ReadOnlySpan<int> items, ReadOnlySpan<float> values, int itemCount)
        => Solve(o, items, values, itemCount, model.Mean, item => model.ItemFactors(item).ToArray(), model.ItemBias);

    /// <summary>y (and b) of an item with these users.</summary>
    public static double[] SolveItem(Als model, AlsOptions o, ReadOnlySpan<int> users, ReadOnlySpan<float> values)
        => Solve(o, users, values, model.UserCount, model.Mean, user => model.UserFactors(user).ToArray(), model.UserBias);

    private static double[] Solve(
        AlsOptions o, ReadOnlySpan<int> ids, ReadOnlySpan<float> values, int count, float mean, Func<int, float[]> factors,
        Func<int, float> bias)
    {
        var rated = o.Feedback == AlsFeedback.Explicit;
        var size = o.Factors + (rated && o.Biases ? 1 : 0);
        var (a, b) = (new double[size, size], new double[size]);
        var own = new Dictionary<int, float>();
        for (var k = 0; k < ids.Length; k++) own[ids[k]] = values[k];
        for (var id = 0; id < count; id++)
        {
            var known = own.TryGetValue(id, out var value);
            if (rated && !known) continue;
            var (c, p) = rated ? (1, value - (o.Biases ? mean + bias(id) : 0)) : Cell(o, known, value);
            var y = new double[size];
            for (var f = 0; f < size; f++) y[f] = f < o.Factors ? factors(id)[f] : 1;
            for (var f = 0; f < size; f++)
            {
                b[f] += c * p * y[f];
                for (var g = 0; g < size; g++) a[f, g] += c * y[f] * y[g];
            }
        }
        for (var f = 0; f < size; f++) a[f, f] += Ridge(o, ids.Length, count);
        return Eliminate(a, b);
    }

    /// <summary>What is minimised, over the number of interactions.</summary>
    public static double Loss(Als model, AlsOptions o, Interactions log)
    {
        var rated = o.Feedback == AlsFeedback.Explicit;
        var cells = InteractionRows.OfUsers(log, rated ? RepeatedItems.Last : RepeatedItems.Sum);
        var counts = new int[log.ItemCount];
        foreach (var item in cells.Columns) counts[item]++;
        var sum = 0.0;
        for (var user = 0; user < log.UserCount; user++)
        {
            var row = cells.Row(user);
            for (var item = 0; item < log.ItemCount; item++)
            {
                var place = row.Columns.BinarySearch(item);
                if (rated && place < 0) continue;
                var score = rated && o.Biases ? (double)model.Mean + model.UserBias(user) + model.ItemBias(item) : 0;
                for (var f = 0; f < o.Factors; f++) score += (double)model.UserFactors(user)[f] * model.ItemFactors(item)[f];
                var (c, p) = rated ? (1, row.Values[place]) : Cell(o, place >= 0, place >= 0 ? row.Values[place] : 0);
                sum += c * (p - score) * (p - score);
            }
            if (row.Length > 0) sum += Ridge(o, row.Length, log.ItemCount) * Squares(model.UserFactors(user), model.UserBias(user));
        }
        for (var item = 0; item < log.ItemCount; item++)
            if (counts[item] > 0) sum += Ridge(o, counts[item], log.UserCount) * Squares(model.ItemFactors(item), model.ItemBias(item));
        return sum / cells.Count;
    }

    private static (double C, double P) Cell(AlsOptions o, bool known, float value)
    {
        if (!known) return (o.UnobservedWeight, 0);
        var r = Math.Abs((double)value);
        if (o.Confidence == AlsConfidence.Logarithmic) r = Math.Log(1 + r / o.ConfidenceScale);
        return (o.UnobservedWeight + o.Alpha * r, value > 0 ? 1 : 0);
    }

    private static double Ridge(AlsOptions o, int count, int possible)
        => o.Regularization
            * Math.Pow(count + (o.Feedback == AlsFeedback.Explicit ? 0 : o.UnobservedWeight * possible), o.RegularizationExponent);

    private static double Squares(ReadOnlySpan<float> vector, float bias)
    {
        var sum = (double)bias * bias;
        foreach (var v in vector) sum += (double)v * v;
        return sum;
    }

    private static double[] Eliminate(double[,] a, double[] b)
    {
        var n = b.Length;
        for (var k = 0; k < n; k++)
        {
            for (var r = k + 1; r < n; r++)
            {
                var factor = a[r, k] / a[k, k];
                for (var c = k; c < n; c++) a[r, c] -= factor * a[k, c];
                b[r] -= factor * b[k];
            }
        }
        for (var k = n - 1; k >= 0; k--)
        {
            for (var c = k + 1; c < n; c++) b[k] -= a[k, c] * b[c];
            b[k] /= a[k, k];
        }
        return b;
    }
}

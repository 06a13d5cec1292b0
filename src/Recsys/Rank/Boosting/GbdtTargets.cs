using Recsys.Numerics;

namespace Recsys.Rank;

/// <summary>What a <see cref="Gbdt"/> is trained on.</summary>
/// <param name="X">Row-major; NaN is missing, infinite values count as the largest and the smallest float. [rows, columns]</param>
/// <param name="Columns">Of a row, at least 1.</param>
/// <param name="Labels">Within the domain of the objective. [rows]</param>
public sealed record GbdtRows(float[] X, int Columns, float[] Labels)
{
    /// <summary>0 or greater: null (the default: all 1) or [rows]. Rows of weight 0 are left out.</summary>
    public float[]? Weights { get; init; }

    /// <summary>
    /// The number of rows of each query, in the order of the rows: each at least 1, together all rows. Null (the default): there are no
    /// queries. Needed by the ranking objectives.
    /// </summary>
    public int[]? Groups { get; init; }
}

/// <summary>Rows that a <see cref="Gbdt"/> is judged by while it trains.</summary>
/// <param name="X">Row-major, as the training rows. [rows, columns]</param>
/// <param name="Labels">[rows]</param>
/// <param name="Weights">Null (all 1) or [rows].</param>
/// <param name="Groups">The number of rows of each query, as in <see cref="GbdtRows.Groups"/>; null where there are no queries.</param>
public sealed record GbdtValidation(float[] X, float[] Labels, float[]? Weights = null, int[]? Groups = null);

/// <summary>What an objective sees of the rows.</summary>
/// <param name="Labels">[rows]</param>
/// <param name="Weights">Empty for all 1, or [rows].</param>
/// <param name="Queries">Null where there are none.</param>
internal sealed record GbdtTargets(float[] Labels, float[] Weights, QueryRows? Queries)
{
    public int Count => Labels.Length;

    public double Weight(int row) => Weights.Length == 0 ? 1 : Weights[row];

    /// <summary>Σ w amount / Σ w, the same for any order of the rows but for the last digits of a double.</summary>
    public double Mean(Func<int, double> amount)
    {
        double sum = 0, lost = 0, mass = 0;
        for (var i = 0; i < Count; i++)
        {
            var weight = Weight(i);
            if (weight == 0) continue;
            var term = weight * amount(i);
            var next = sum + term;
            // Neumaier: what the sum lost.
            lost += Math.Abs(sum) >= Math.Abs(term) ? sum - next + term : term - next + sum;
            sum = next;
            mass += weight;
        }
        return (sum + lost) / mass;
    }

    /// <summary>The mean in 64 parts; threads do not change it.</summary>
    public double Mean(Func<int, double> amount, int threads)
    {
        const int Parts = 64;
        var (sums, masses) = (new double[Parts], new double[Parts]);
        Shards.Run(Parts, threads, part =>
        {
            var (from, to) = Shards.Range(Count, Parts, part);
            for (var i = from; i < to; i++)
            {
                var weight = Weight(i);
                if (weight == 0) continue;
                sums[part] += weight * amount(i);
                masses[part] += weight;
            }
        });
        return sums.Sum() / masses.Sum();
    }
}

/// <summary>The rows of each query.</summary>
internal sealed class QueryRows
{
    private readonly int[] _starts;
    private readonly int[] _rows;

    private QueryRows(int[] starts, int[] rows) => (_starts, _rows) = (starts, rows);

    public int Count => _starts.Length - 1;

    public int Longest { get; private init; }

    public ReadOnlySpan<int> this[int query] => _rows.AsSpan(_starts[query].._starts[query + 1]);

    /// <summary>Checks sizes of queries whose rows lie together.</summary>
    public static QueryRows OfSizes(int[] sizes, int rows, string name)
    {
        var starts = new int[sizes.Length + 1];
        for (var query = 0; query < sizes.Length; query++)
        {
            if (sizes[query] < 1)
                throw new ArgumentException($"Query {query} has {sizes[query]} rows; each query has at least one.", name);
            var end = starts[query] + (long)sizes[query];
            if (end > rows)
                throw new ArgumentException(
                    $"The first {query + 1} of {sizes.Length} queries hold {end} rows, but there are only {rows}: sizes of queries must " +
                    "add up to the number of rows.", name);
            starts[query + 1] = (int)end;
        }
        if (starts[^1] != rows)
            throw new ArgumentException(
                $"The {sizes.Length} queries hold {starts[^1]} rows, but there are {rows}: sizes of queries must add up to the number of " +
                "rows.", name);
        var order = new int[rows];
        for (var row = 0; row < rows; row++) order[row] = row;
        return new QueryRows(starts, order) { Longest = sizes.Length == 0 ? 0 : sizes.Max() };
    }

    /// <summary>Gathers rows of equal numbers, those below 0 each alone; null where there are no numbers.</summary>
    public static QueryRows? OfNumbers(ReadOnlySpan<int> queries)
    {
        if (queries.IsEmpty) return null;
        var keys = new ulong[queries.Length];
        for (var row = 0; row < keys.Length; row++) keys[row] = ((ulong)(uint)queries[row] << 32) | (uint)row;
        Array.Sort(keys);
        var (starts, rows, longest) = (new List<int>(), new int[keys.Length], 0);
        for (var i = 0; i < keys.Length; i++)
        {
            if (i == 0 || (int)(keys[i] >> 32) < 0 || keys[i] >> 32 != keys[i - 1] >> 32) starts.Add(i);
            rows[i] = (int)(uint)keys[i];
            longest = Math.Max(longest, i + 1 - starts[^1]);
        }
        starts.Add(keys.Length);
        return new QueryRows([.. starts], rows) { Longest = longest };
    }
}

namespace Recsys.Trees;

/// <summary>
/// Columns whose numbers are categories without an order, coded densely from 0 in the order of the numbers; missing is the code after the
/// last. Four bytes for each value.
/// </summary>
internal sealed class CategoryColumns
{
    // Above 2²⁴ neighbouring whole numbers fall together in a float.
    public const float MostCategory = 1 << 24;

    private readonly int[] _places;
    private readonly int[][] _codes;
    private readonly int[][] _values;

    private CategoryColumns(int[] places, int[][] codes, int[][] values) => (_places, _codes, _values) = (places, codes, values);

    /// <summary>Number of such columns.</summary>
    public int Count => _codes.Length;

    /// <summary>Which of them a column is, -1 for a column of numbers.</summary>
    public int PlaceOf(int column) => _places[column];

    /// <summary>The codes of one of them. [rows]</summary>
    public ReadOnlySpan<int> Codes(int place) => _codes[place];

    /// <summary>The category of each code, ascending.</summary>
    public ReadOnlySpan<int> Values(int place) => _values[place];

    /// <summary>Codes the columns that are categorical; null if none is.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="isCategorical">[columns]</param>
    /// <param name="threads">Does not change the result.</param>
    /// <param name="cancel">Checked for each column.</param>
    /// <exception cref="ArgumentException">A value is no whole number 0..2²⁴; it is named with its row and column.</exception>
    public static CategoryColumns? Create(float[] x, int columns, bool[] isCategorical, int threads, CancellationToken cancel)
    {
        var places = new int[columns];
        var chosen = new List<int>();
        for (var column = 0; column < columns; column++)
        {
            places[column] = isCategorical[column] ? chosen.Count : -1;
            if (isCategorical[column]) chosen.Add(column);
        }
        if (chosen.Count == 0) return null;
        var (codes, values) = (new int[chosen.Count][], new int[chosen.Count][]);
        Numerics.Shards.Run(chosen.Count, threads, place => (codes[place], values[place]) = Code(x, columns, chosen[place]), cancel);
        return new CategoryColumns(places, codes, values);
    }

    private static (int[] Codes, int[] Values) Code(float[] x, int columns, int column)
    {
        var codes = new int[x.Length / columns];
        for (var row = 0; row < codes.Length; row++)
        {
            var value = x[((long)row * columns) + column];
            if (!float.IsNaN(value) && !(value >= 0 && value <= MostCategory && value == MathF.Floor(value)))
                throw new ArgumentException(
                    $"The value at row {row}, column {column} is {value}; a category is a whole number 0..{MostCategory:0}, NaN where it " +
                    "is missing.", nameof(x));
            codes[row] = float.IsNaN(value) ? -1 : (int)value;
        }
        var sorted = (int[])codes.Clone();
        Array.Sort(sorted);
        var values = new List<int>();
        foreach (var value in sorted)
            if (value >= 0 && (values.Count == 0 || value != values[^1])) values.Add(value);
        for (var row = 0; row < codes.Length; row++) codes[row] = codes[row] < 0 ? values.Count : values.BinarySearch(codes[row]);
        return (codes, [.. values]);
    }
}

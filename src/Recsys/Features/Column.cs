using System.Globalization;

namespace Recsys.Features;

/// <summary>
/// One raw column. Text is kept as codes into its distinct values, so that each value is parsed, split and looked up once.
/// </summary>
internal abstract class Column(string name)
{
    public string Name { get; } = name;

    public abstract int Count { get; }

    public abstract string Kind { get; }

    /// <summary>The column of some rows.</summary>
    public abstract Column Select(int[] rows);

    /// <summary>The cells as text; code -1 is missing.</summary>
    public abstract TextColumn ToText(Columns owner);

    /// <summary>The cells as finite numbers; NaN is missing.</summary>
    public abstract double[] ToNumbers(Columns owner);

    /// <summary>The cells as lists; a missing cell is an empty list.</summary>
    public abstract ListColumn ToLists(Columns owner, char? separator);
}

internal sealed class TextColumn(string name, int[] codes, string[] values) : Column(name)
{
    public int[] Codes { get; } = codes;

    public string[] Values { get; } = values;

    public override int Count => Codes.Length;

    public override string Kind => "text";

    public override Column Select(int[] rows) => new TextColumn(Name, Array.ConvertAll(rows, row => Codes[row]), Values);

    public override TextColumn ToText(Columns owner) => this;

    public override double[] ToNumbers(Columns owner)
    {
        var parsed = new double[Values.Length];
        for (var i = 0; i < parsed.Length; i++)
            parsed[i] = double.TryParse(Values[i], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;
        var numbers = new double[Codes.Length];
        for (var row = 0; row < numbers.Length; row++)
        {
            var code = Codes[row];
            numbers[row] = code < 0 ? double.NaN : parsed[code];
            if (code >= 0 && !double.IsFinite(parsed[code]))
                throw new FormatException(
                    $"{owner.Place(row)}, column '{Name}': '{Columns.Excerpt(Values[code])}' is not a finite number.");
        }
        return numbers;
    }

    public override ListColumn ToLists(Columns owner, char? separator)
    {
        if (separator is not { } split)
            throw new ArgumentException($"Column '{Name}' of {owner.Source} holds text, not lists; declare a separator for it.");
        var parts = new List<int>();
        var starts = new int[Values.Length + 1];
        var distinct = new Interner();
        for (var i = 0; i < Values.Length; i++)
        {
            foreach (var range in Values[i].AsSpan().Split(split))
            {
                var part = Values[i].AsSpan()[range].Trim();
                if (!part.IsEmpty) parts.Add(distinct.Add(part));
            }
            starts[i + 1] = parts.Count;
        }
        var offsets = new int[Codes.Length + 1];
        for (var row = 0; row < Codes.Length; row++)
            offsets[row + 1] = checked(offsets[row] + (Codes[row] < 0 ? 0 : starts[Codes[row] + 1] - starts[Codes[row]]));
        var cells = new int[offsets[^1]];
        for (var row = 0; row < Codes.Length; row++)
        {
            var from = Codes[row] < 0 ? 0 : starts[Codes[row]];
            for (var to = offsets[row]; to < offsets[row + 1]; to++) cells[to] = parts[from++];
        }
        return new ListColumn(Name, offsets, cells, distinct.ToArray());
    }
}

internal sealed class NumberColumn(string name, double[] numbers) : Column(name)
{
    public double[] Numbers { get; } = numbers;

    public override int Count => Numbers.Length;

    public override string Kind => "number";

    public override TextColumn ToText(Columns owner)
    {
        var codes = new int[Numbers.Length];
        var distinct = new Interner();
        Span<char> text = stackalloc char[32];
        for (var row = 0; row < codes.Length; row++)
        {
            var missing = double.IsNaN(Numbers[row]) || !Numbers[row].TryFormat(text, out _, provider: CultureInfo.InvariantCulture);
            if (missing)
            {
                codes[row] = -1;
                continue;
            }
            Numbers[row].TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
            codes[row] = distinct.Add(text[..length]);
        }
        return new TextColumn(Name, codes, distinct.ToArray());
    }

    public override Column Select(int[] rows) => new NumberColumn(Name, Array.ConvertAll(rows, row => Numbers[row]));

    public override double[] ToNumbers(Columns owner) => Numbers;

    public override ListColumn ToLists(Columns owner, char? separator) => ToText(owner).ToLists(owner, separator);
}

internal sealed class ListColumn(string name, int[] offsets, int[] codes, string[] values) : Column(name)
{
    public int[] Offsets { get; } = offsets;

    public int[] Codes { get; } = codes;

    public string[] Values { get; } = values;

    public override int Count => Offsets.Length - 1;

    public override string Kind => "list";

    public override TextColumn ToText(Columns owner) => throw Wrong(owner, "one text");

    public override double[] ToNumbers(Columns owner) => throw Wrong(owner, "a number");

    public override Column Select(int[] rows)
    {
        var offsets = new int[rows.Length + 1];
        var codes = new List<int>();
        for (var i = 0; i < rows.Length; i++)
        {
            codes.AddRange(Codes.AsSpan(Offsets[rows[i]]..Offsets[rows[i] + 1]));
            offsets[i + 1] = codes.Count;
        }
        return new ListColumn(Name, offsets, [.. codes], Values);
    }

    public override ListColumn ToLists(Columns owner, char? separator) => this;

    private ArgumentException Wrong(Columns owner, string wanted)
        => new($"Column '{Name}' of {owner.Source} holds lists, where {wanted} for each row is needed.");
}

/// <summary>Distinct texts in the order of their first appearance.</summary>
internal sealed class Interner
{
    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly List<string> _values = [];

    public Interner() => _lookup = _codes.GetAlternateLookup<ReadOnlySpan<char>>();

    public int Add(ReadOnlySpan<char> text)
    {
        if (_lookup.TryGetValue(text, out var code)) return code;
        var copy = text.ToString();
        _codes.Add(copy, _values.Count);
        _values.Add(copy);
        return _values.Count - 1;
    }

    public string[] ToArray() => [.. _values];
}

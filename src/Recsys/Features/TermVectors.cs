using System.Collections.Immutable;
using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Features;

// What items are about, as sparse vectors over named terms (genres, tags, words):
//
//   lists   c_it = 1 / |T(i)| for each term t of the list T(i), each counted once
//   texts   c_it = tf · (ln((1 + N) / (1 + df_t)) + 1), divided by √(Σ_t c_it²);  tf: how often t stands in the text, or 1 + ln of that
//
// Salton and Buckley, "Term-weighting approaches in automatic text retrieval", IP&M 24(5), 1988.

/// <summary>How texts become terms.</summary>
public sealed record TfIdfOptions
{
    /// <summary>Terms in fewer texts are left out: they say nothing of another item. At least 1, default 2.</summary>
    public int MinimumDocuments { get; init => field = Guard.AtLeast(1, value); } = 2;

    /// <summary>Terms in a larger share of the texts are left out, as stop words are. Above 0 to 1, default 0.5.</summary>
    public double MaximumShare { get; init => field = Guard.InRange(double.Epsilon, 1, value); } = 0.5;

    /// <summary>Whether 1 + ln(tf) takes the place of tf, so that a word does not count ten times for standing there ten times. Default
    /// false.</summary>
    public bool LogarithmicFrequency { get; init; }
}

/// <summary>Sparse vectors of items over named terms. Immutable; safe for any number of threads.</summary>
public sealed class TermVectors
{
    private TermVectors(SparseMatrix rows, ImmutableArray<string> terms)
    {
        Rows = rows;
        Terms = terms;
    }

    /// <summary>Items × terms: row i describes dense id i; a row without cells is an item of which nothing is known.</summary>
    public SparseMatrix Rows { get; }

    /// <summary>The names of the terms, in the order of their first appearance.</summary>
    public ImmutableArray<string> Terms { get; }

    /// <summary>One list of terms for each dense id; equal texts are one term, case matters.</summary>
    public static TermVectors FromLists(IEnumerable<IEnumerable<string>> lists)
    {
        ArgumentNullException.ThrowIfNull(lists);
        var builder = new Builder();
        foreach (var list in lists) builder.Add(list);
        return builder.Build((count, total) => 1f / total, distinct: true);
    }

    /// <summary>The terms of one column of a table: a list column, or text cut at the separator.</summary>
    /// <param name="table">Keyed by the items' external id (KeyedBy), or in the order of the dense ids (InIdOrder).</param>
    /// <param name="column">Genres, tags or the like.</param>
    /// <param name="items">External and dense ids; rows of other items are left out, items without a row get an empty vector.</param>
    /// <param name="separator">Cuts text; not needed for a list column.</param>
    /// <exception cref="ArgumentException">No such column, no key, or two rows of one item.</exception>
    public static TermVectors FromColumn(Columns table, string column, IdMap items, char? separator = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(items);
        var lists = table.Find(column).ToLists(table, separator);
        var rows = RowsOf(table, items);
        return FromLists(rows.Select(row => row < 0
            ? []
            : lists.Codes.AsSpan(lists.Offsets[row]..lists.Offsets[row + 1]).ToArray().Select(code => lists.Values[code])));
    }

    /// <summary>
    /// TF-IDF of one text for each dense id; null is no text. A word is a run of letters and digits in lower case (invariant culture); each
    /// CJK ideograph, and each kana, is a word of its own.
    /// </summary>
    public static TermVectors FromTexts(IEnumerable<string?> texts, TfIdfOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        options ??= new TfIdfOptions();
        var builder = new Builder();
        foreach (var text in texts) builder.Add(Words(text ?? ""));
        return builder.BuildTfIdf(options);
    }

    internal static IEnumerable<string> Words(string text)
    {
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var ideograph = i < text.Length && text[i] is >= '\u3040' and <= '\u30ff' or >= '\u3400' and <= '\u9fff';
            var inside = i < text.Length && !ideograph && char.IsLetterOrDigit(text[i]);
            if (inside && start < 0) start = i;
            if (inside) continue;
            if (start >= 0) yield return text[start..i].ToLowerInvariant();
            start = -1;
            if (ideograph) yield return text[i..(i + 1)];
        }
    }

    private static int[] RowsOf(Columns table, IdMap items)
    {
        var rows = new int[items.Count];
        if (table.RowsAreIds)
        {
            if (table.RowCount != items.Count)
                throw new ArgumentException(
                    $"{table.Source} has {table.RowCount} rows in the order of the ids, of which there are {items.Count}.", nameof(table));
            for (var i = 0; i < rows.Length; i++) rows[i] = i;
            return rows;
        }
        if (table.Key is not { } key)
            throw new ArgumentException($"Which column of {table.Source} holds the item ids? Declare it by KeyedBy(column), or say " +
                "InIdOrder() if row r describes dense id r.", nameof(table));
        Array.Fill(rows, -1);
        for (var row = 0; row < table.RowCount; row++)
        {
            var id = table.Text(key, row) is { } name ? items.Find(name) : -1;
            if (id < 0) continue;
            if (rows[id] >= 0)
                throw new ArgumentException(
                    $"{table.Place(row)}: '{table.Text(key, row)}' was already described by {table.Place(rows[id])}.", nameof(table));
            rows[id] = row;
        }
        return rows;
    }

    // Terms of all rows, with repetitions.
    private sealed class Builder
    {
        private readonly Interner _terms = new();
        private readonly List<int> _rows = [];
        private readonly List<int> _codes = [];
        private int _count;

        public void Add(IEnumerable<string> terms)
        {
            foreach (var term in terms)
            {
                _rows.Add(_count);
                _codes.Add(_terms.Add(term));
            }
            _count++;
        }

        public TermVectors Build(Func<float, int, float> weight, bool distinct)
        {
            var names = _terms.ToArray();
            var counts = Counts(names.Length);
            for (var row = 0; row < _count; row++)
            {
                var (start, end) = ((int)counts.RowOffsets[row], (int)counts.RowOffsets[row + 1]);
                for (var k = start; k < end; k++) counts.Values[k] = weight(distinct ? 1 : counts.Values[k], end - start);
            }
            return new TermVectors(counts, [.. names]);
        }

        public TermVectors BuildTfIdf(TfIdfOptions options)
        {
            var names = _terms.ToArray();
            var counts = Counts(names.Length);
            var documents = new int[names.Length];
            foreach (var term in counts.Columns) documents[term]++;
            var kept = new List<string>();
            var places = new int[names.Length];
            for (var term = 0; term < names.Length; term++)
            {
                var keep = documents[term] >= options.MinimumDocuments && documents[term] <= options.MaximumShare * _count;
                places[term] = keep ? kept.Count : -1;
                if (keep) kept.Add(names[term]);
            }
            List<int> rows = [], columns = [];
            var values = new List<float>();
            for (var row = 0; row < _count; row++)
            {
                var cells = counts.Row(row);
                var (first, squares) = (values.Count, 0.0);
                for (var k = 0; k < cells.Length; k++)
                {
                    var term = cells.Columns[k];
                    if (places[term] < 0) continue;
                    var tf = options.LogarithmicFrequency ? 1 + Math.Log(cells.Values[k]) : cells.Values[k];
                    var value = tf * (Math.Log((1.0 + _count) / (1.0 + documents[term])) + 1);
                    rows.Add(row);
                    columns.Add(places[term]);
                    values.Add((float)value);
                    squares += value * value;
                }
                for (var k = first; k < values.Count; k++) values[k] = (float)(values[k] / Math.Sqrt(squares));
            }
            return new TermVectors(
                SparseMatrix.FromTriplets(_count, kept.Count, rows.ToArray(), columns.ToArray(), values.ToArray()), [.. kept]);
        }

        private SparseMatrix Counts(int terms)
        {
            var ones = new float[_rows.Count];
            Array.Fill(ones, 1);
            return SparseMatrix.FromTriplets(_count, terms, _rows.ToArray(), _codes.ToArray(), ones, DuplicateCells.Sum);
        }
    }
}

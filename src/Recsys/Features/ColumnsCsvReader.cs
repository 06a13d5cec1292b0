using System.Globalization;
using System.Text;
using System.Text.Unicode;
using CsvHelper;
using Recsys.Data;

namespace Recsys.Features;

/// <summary>Reads delimited text into columns of codes: a value that was seen before costs no allocation.</summary>
internal static class ColumnsCsvReader
{
    private const int RowsBetweenChecks = 1 << 14;

    public static Columns Read(Stream stream, string source, ColumnsOptions options, out ReadReport report, CancellationToken cancel)
    {
        var log = new BadRowLog(source, options.BadRows, options.MaxExamples);
        Action<CsvMalformedRecord>? skip = options.BadRows == BadRows.Throw
            ? null
            : bad => log.Report(bad.LineNumber, bad.RecordNumber, "", BadRowReason.BadQuoting,
                $"the quoting is broken: '{Excerpt.Of(bad.RawRecord)}'.");
        try
        {
            using var csv = CsvSource.Open(stream, source, options.Dialect, leaveOpen: true, skip);
            return Read(csv, source, options, log, out report, cancel);
        }
        catch (CsvFormatException e)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{source}, line {e.LineNumber}: {e.Message}"), e);
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith(source, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{source} is not a whole gzip file: {e.Message}", e);
        }
    }

    private static Columns Read(CsvReader csv, string source, ColumnsOptions options, BadRowLog log, out ReadReport report,
        CancellationToken cancel)
    {
        string[]? names = options.HasHeader ? [.. csv.Headers.Select(h => h.Trim())] : null;
        if (options.Names is { } given)
        {
            if (names is not null && names.Length != given.Count)
                throw new InvalidDataException($"{source} has {names.Length} columns, ColumnsOptions.Names {given.Count}.");
            names = [.. given];
        }
        var missing = new HashSet<string>(options.Missing, StringComparer.Ordinal);
        var interners = new List<MissingInterner>();
        var cells = new List<List<int>>();
        var lines = new List<int>();
        char[] text = new char[256];
        for (var record = 0; csv.Read(); record++)
        {
            if (record % RowsBetweenChecks == 0) cancel.ThrowIfCancellationRequested();
            var width = csv.FieldCount;
            if (width == 0 || (width == 1 && csv.GetSpan(0).IsEmpty && names?.Length != 1)) continue;
            names ??= [.. Enumerable.Range(0, width).Select(i => i.ToString(CultureInfo.InvariantCulture))];
            while (interners.Count < names.Length)
            {
                interners.Add(new MissingInterner(missing));
                cells.Add([]);
            }
            if (!IsGood(csv, names, log)) continue;
            for (var i = 0; i < names.Length; i++)
            {
                var cell = csv.GetSpan(i);
                if (text.Length < cell.Length) text = new char[2 * cell.Length];
                var length = Encoding.UTF8.GetChars(cell, text);
                cells[i].Add(interners[i].Add(text.AsSpan(0, length)));
            }
            lines.Add((int)Math.Min(int.MaxValue, csv.LineNumber));
        }
        names ??= [];
        foreach (var wanted in options.Only ?? [])
            if (!names.Contains(wanted))
                throw new InvalidDataException($"{source} has no column '{wanted}'. It has: {string.Join(", ", names)}.");
        var columns = new List<Column>();
        for (var i = 0; i < names.Length; i++)
            if (options.Only?.Contains(names[i]) ?? true)
                columns.Add(interners.Count == 0
                    ? new TextColumn(names[i], [], [])
                    : new TextColumn(names[i], [.. cells[i]], interners[i].ToArray()));
        report = log.Finish(lines.Count);
        return new Columns(source, columns, lines.Count, options.Key, [.. lines], inLines: true);
    }

    private static bool IsGood(CsvReader csv, string[] names, BadRowLog log)
    {
        if (csv.FieldCount != names.Length)
        {
            log.Report(csv.LineNumber, 0, "", BadRowReason.MissingCell,
                $"the row has {csv.FieldCount} fields; {names.Length} columns are expected.");
            return false;
        }
        for (var i = 0; i < names.Length; i++)
        {
            if (Utf8.IsValid(csv.GetSpan(i))) continue;
            log.Report(csv.LineNumber, 0, $"'{names[i]}'", BadRowReason.BadText,
                "the cell is not valid UTF-8; set ColumnsOptions.Encoding to the encoding of the file.");
            return false;
        }
        return true;
    }

    private sealed class MissingInterner(HashSet<string> missing)
    {
        private readonly Interner _values = new();
        private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _missing = missing.GetAlternateLookup<ReadOnlySpan<char>>();

        public int Add(ReadOnlySpan<char> text) => text.IsEmpty || _missing.Contains(text) ? -1 : _values.Add(text);

        public string[] ToArray() => _values.ToArray();
    }
}

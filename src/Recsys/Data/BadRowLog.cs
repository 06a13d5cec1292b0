using System.Globalization;

namespace Recsys.Data;

/// <summary>Throws for a bad row or counts it, as declared.</summary>
internal sealed class BadRowLog(string source, BadRows policy, int maxExamples)
{
    private readonly SortedDictionary<BadRowReason, long> _counts = [];
    private readonly List<BadRow> _examples = [];

    /// <summary>A bad cell or row.</summary>
    /// <param name="line">From 1; 0 if the source has no lines, only rows.</param>
    /// <param name="row">Data row from 1, for sources without lines.</param>
    /// <param name="column">Name or position; empty for the whole row.</param>
    /// <param name="reason">Why.</param>
    /// <param name="what">The end of the sentence: what it was and the rule.</param>
    public void Report(long line, long row, string column, BadRowReason reason, string what)
    {
        if (policy == BadRows.Skip)
        {
            _counts[reason] = _counts.GetValueOrDefault(reason) + 1;
            if (_examples.Count >= maxExamples) return;
        }
        var place = line > 0 ? $"line {line}" : $"row {row}";
        var message = string.Create(CultureInfo.InvariantCulture,
            $"{source}, {place}{(column.Length == 0 ? "" : $", column {column}")}: {what}");
        if (policy == BadRows.Throw) throw new InvalidDataException(message);
        _examples.Add(new BadRow(line > 0 ? line : row, column, reason, message));
    }

    public ReadReport Finish(long rows) => new(source, rows, _counts, _examples);
}

using System.Globalization;
using System.Text;

namespace Recsys.Data;

/// <summary>Why a row could not be read.</summary>
public enum BadRowReason
{
    /// <summary>The row has too few fields, or the cell of a number is empty.</summary>
    MissingCell,

    /// <summary>A user or item id is empty.</summary>
    EmptyId,

    /// <summary>An id is not an integer, where only integers are kept.</summary>
    BadId,

    /// <summary>The value is not a number.</summary>
    NotANumber,

    /// <summary>The value is NaN, infinite, or too large for a 32-bit float.</summary>
    NotFinite,

    /// <summary>The time is empty, and missing times are an error.</summary>
    MissingTime,

    /// <summary>The time is not written as declared.</summary>
    BadTime,

    /// <summary>The event type is the 257th kind, or empty.</summary>
    BadEvent,

    /// <summary>A quote is misplaced or never closed.</summary>
    BadQuoting,

    /// <summary>Bytes that are not valid text in the encoding.</summary>
    BadText,
}

/// <summary>One row that could not be read.</summary>
/// <param name="Line">Line of the file where the row begins, from 1.</param>
/// <param name="Column">Header name or position of the column; empty when the whole row is at fault.</param>
/// <param name="Reason">Why.</param>
/// <param name="Message">The whole story in a sentence, file, line and column included.</param>
public sealed record BadRow(long Line, string Column, BadRowReason Reason, string Message);

/// <summary>What became of the rows of a source.</summary>
/// <param name="Source">The file, or what stands for it.</param>
/// <param name="Rows">Rows that were kept.</param>
/// <param name="BadRowsByReason">How many rows were left out, by reason; empty if none.</param>
/// <param name="Examples">The first few of them.</param>
public sealed record ReadReport(
    string Source, long Rows, IReadOnlyDictionary<BadRowReason, long> BadRowsByReason, IReadOnlyList<BadRow> Examples)
{
    /// <summary>How many rows were left out.</summary>
    public long BadRows
    {
        get
        {
            var sum = 0L;
            foreach (var count in BadRowsByReason.Values) sum += count;
            return sum;
        }
    }

    /// <summary>The report as text, one line for each reason and example.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Source}: {Rows} rows, {BadRows} left out");
        foreach (var (reason, count) in BadRowsByReason) text.Append(CultureInfo.InvariantCulture, $"\n  {reason}: {count}");
        foreach (var example in Examples) text.Append(CultureInfo.InvariantCulture, $"\n  {example.Message}");
        return text.ToString();
    }
}

using System.Globalization;
using Recsys.Numerics;

namespace Recsys.Data;

/// <summary>
/// Ways to cut a log into training, test and (where asked for) validation. The same log, arguments and seed give the same parts. A cut
/// never fails for being one-sided: an empty part is reported in <see cref="Split.Warnings"/>.
/// </summary>
public static class Splits
{
    private const byte Train = 0, Test = 1, Validation = 2;
    private const ulong RowMask = int.MaxValue;

    /// <summary>Puts a random share of all rows into the test part: exactly the rounded number of rows.</summary>
    /// <param name="data">The log.</param>
    /// <param name="testRatio">0..1.</param>
    /// <param name="seed">Any number.</param>
    /// <param name="validationRatio">Share of all rows for validation, 0 (none) by default; the two sum to at most 1.</param>
    public static Split Random(Interactions data, double testRatio = 0.2, ulong seed = 1, double validationRatio = 0)
    {
        CheckRatios(data, testRatio, validationRatio);
        var part = new byte[data.Count];
        Draw(part, testRatio, validationRatio, new Rng(seed), 0, new ulong[data.Count]);
        return Cut(data, part, validationRatio > 0, Text($"random {testRatio:P0} of all rows, seed {seed}"), random: true);
    }

    /// <summary>Puts a random share of each user's rows into the test part; a user with one row keeps it for training.</summary>
    /// <param name="data">The log.</param>
    /// <param name="testRatio">0..1; the number of rows is rounded for each user, and at least one row stays for training.</param>
    /// <param name="seed">Any number.</param>
    /// <param name="validationRatio">Share of each user's rows for validation, 0 (none) by default; the two sum to at most 1.</param>
    public static Split RandomPerUser(Interactions data, double testRatio = 0.2, ulong seed = 1, double validationRatio = 0)
    {
        CheckRatios(data, testRatio, validationRatio);
        var part = new byte[data.Count];
        var rng = new Rng(seed);
        var longest = 0L;
        for (var user = 0; user < data.UserCount; user++) longest = Math.Max(longest, data.UserOffsets[user + 1] - data.UserOffsets[user]);
        var keys = new ulong[longest];
        for (var user = 0; user < data.UserCount; user++)
        {
            var start = (int)data.UserOffsets[user];
            var own = part.AsSpan(start, (int)data.UserOffsets[user + 1] - start);
            Draw(own, testRatio, validationRatio, rng, (ulong)start, keys);
            if (own.Length > 0 && !own.Contains(Train)) own[0] = Train;
        }
        return Cut(data, part, validationRatio > 0, Text($"random {testRatio:P0} of each user's rows, seed {seed}"), random: true);
    }

    /// <summary>
    /// Puts the last <paramref name="n"/> rows of each user into the test part and, if asked for, the n before them into validation. A user
    /// with too few rows to leave one for training gives none.
    /// </summary>
    /// <param name="data">The log; without times, the input order counts.</param>
    /// <param name="n">At least 1; 1 is leave-one-out.</param>
    /// <param name="validation">Whether to cut a validation part as well.</param>
    public static Split LeaveLastOut(Interactions data, int n = 1, bool validation = false)
    {
        ArgumentNullException.ThrowIfNull(data);
        Guard.AtLeast(1, n, nameof(n));
        var part = new byte[data.Count];
        var held = validation ? 2L * n : n;
        for (var user = 0; user < data.UserCount; user++)
        {
            var (start, end) = (data.UserOffsets[user], data.UserOffsets[user + 1]);
            if (end - start <= held) continue;
            part.AsSpan((int)(end - n), n).Fill(Test);
            if (validation) part.AsSpan((int)(end - held), n).Fill(Validation);
        }
        return Cut(data, part, validation, Text($"last {n} of each user"), random: false);
    }

    /// <summary>Puts everything from an instant on into the test part.</summary>
    /// <param name="data">A log with times.</param>
    /// <param name="from">Unix seconds: the first second of the test part.</param>
    /// <param name="validationFrom">
    /// Unix seconds: the first second of the validation part, before <paramref name="from"/>; null for none.
    /// </param>
    /// <exception cref="InvalidOperationException">The log has no times.</exception>
    /// <remarks>Rows without a time go to training, with a warning.</remarks>
    public static Split ByTime(Interactions data, long from, long? validationFrom = null)
    {
        CheckTimes(data);
        if (validationFrom >= from)
            throw new ArgumentOutOfRangeException(nameof(validationFrom), validationFrom,
                $"The validation part must begin before the test part ({from}).");
        var times = data.TimeColumn;
        var part = new byte[data.Count];
        for (var row = 0; row < part.Length; row++)
        {
            if (times[row] == Interactions.NoTime) continue;
            part[row] = times[row] >= from ? Test : times[row] >= validationFrom ? Validation : Train;
        }
        return Cut(data, part, validationFrom is not null, Text($"by time: test from {Instant(from)}"), random: false, byTime: true);
    }

    /// <summary>Puts the latest share of the rows into the test part, cut at an instant: rows of the same second stay together.</summary>
    /// <param name="data">A log with times.</param>
    /// <param name="testRatio">More than 0, at most 1; the test part holds at least this share of the rows that have a time.</param>
    /// <param name="validationRatio">The share just before it for validation, 0 (none) by default; the two sum to at most 1.</param>
    /// <exception cref="InvalidOperationException">The log has no times.</exception>
    public static Split ByTime(Interactions data, double testRatio, double validationRatio = 0)
    {
        CheckRatios(data, testRatio, validationRatio);
        Guard.Positive(testRatio, nameof(testRatio));
        CheckTimes(data);
        var times = data.TimeColumn.ToArray();
        Array.Sort(times);
        var first = Array.FindIndex(times, time => time != Interactions.NoTime);
        if (first < 0) return ByTime(data, long.MaxValue);
        var timed = times.Length - first;
        var from = times[Position(testRatio)];
        if (validationRatio == 0) return ByTime(data, from);

        var validationFrom = times[Position(testRatio + validationRatio)];
        return validationFrom < from ? ByTime(data, from, validationFrom) : ByTime(data, from, from - 1);

        int Position(double share) => first + Math.Clamp(timed - (int)Math.Round(share * timed), 0, timed - 1);
    }

    /// <summary>Marks exactly the rounded shares of the rows, those with the smallest random keys.</summary>
    private static void Draw(Span<byte> part, double test, double validation, Rng rng, ulong firstIndex, ulong[] keys)
    {
        // 33 random bits above the row, so that the smallest keys name their rows and no key occurs twice.
        for (var i = 0; i < part.Length; i++) keys[i] = (rng.Bits(firstIndex + (ulong)i) & ~RowMask) | (uint)i;
        keys.AsSpan(0, part.Length).Sort();
        var testCount = (int)Math.Round(test * part.Length, MidpointRounding.AwayFromZero);
        var heldCount = (int)Math.Round((test + validation) * part.Length, MidpointRounding.AwayFromZero);
        for (var i = 0; i < heldCount; i++) part[(int)(keys[i] & RowMask)] = i < testCount ? Test : Validation;
    }

    private static Split Cut(Interactions data, byte[] part, bool validation, string description, bool random, bool byTime = false)
    {
        var train = data.Keep(Marks(part, Train));
        var test = data.Keep(Marks(part, Test));
        var held = validation ? data.Keep(Marks(part, Validation)) : null;
        return new Split(train, test, held, description, SplitWarnings.Of(data, train, test, held, random, byTime));
    }

    private static bool[] Marks(byte[] part, byte wanted)
    {
        var marks = new bool[part.Length];
        for (var row = 0; row < part.Length; row++) marks[row] = part[row] == wanted;
        return marks;
    }

    private static void CheckRatios(Interactions data, double test, double validation)
    {
        ArgumentNullException.ThrowIfNull(data);
        Guard.InRange(0, 1, test, "testRatio");
        Guard.InRange(0, 1 - test, validation, "validationRatio");
    }

    private static void CheckTimes(Interactions data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!data.HasTimes) throw new InvalidOperationException(
            "This log has no times; read its time column, or use LeaveLastOut or a random split.");
    }

    private static string Instant(long seconds)
        => seconds is >= -62135596800 and <= 253402300799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : seconds.ToString(CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

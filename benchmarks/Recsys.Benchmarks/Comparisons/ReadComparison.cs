using Recsys.Benchmarks.Peers;
using Recsys.Data;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// Reads the ratings of ml-1m into a log, both views built, against pandas: read_csv and the category codes of users and items.
/// </summary>
internal sealed class ReadComparison : Comparison
{
    public override string Name => "read";

    public override string Script => "read_csv.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        if (Data("ml-1m") is not { } folder) yield break;
        var path = Path.Combine(folder, "ratings.csv.gz");
        yield return new ComparisonCase("ml-1m ratings.csv.gz", 1.0, new() { ["path"] = path }, () => () =>
        {
            var log = Interactions.ReadCsv(path, new CsvOptions { MissingTime = MissingTime.KeepInputOrder });
            log.UsersOf(0);  // builds the view by item
            var sum = 0.0;
            foreach (var value in log.ValueColumn) sum += value;
            return sum + log.Count + 1000.0 * log.UserCount + 1000.0 * log.ItemCount;
        });
    }
}

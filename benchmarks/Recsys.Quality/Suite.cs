namespace Recsys.Quality;

/// <summary>One question to real data. Derive in Suites/; the class is found by itself.</summary>
internal abstract class Suite
{
    /// <summary>What to type.</summary>
    public abstract string Name { get; }

    /// <summary>What it answers, in a line.</summary>
    public abstract string Question { get; }

    /// <summary>Trains, measures and prints.</summary>
    /// <returns>Whether every bound of its tables was kept; true where data is absent.</returns>
    public abstract bool Run(DataFolders data);

    public static List<Suite> All() => [.. typeof(Suite).Assembly.GetTypes()
        .Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(Suite)))
        .Select(t => (Suite)Activator.CreateInstance(t)!)
        .OrderBy(s => s.Name, StringComparer.Ordinal)];
}

/// <summary>Where data sets are.</summary>
internal sealed class DataFolders(string? named)
{
    /// <summary>The folder of one data set, or null after saying that it is absent.</summary>
    public string? Find(string set)
    {
        var roots = new List<string>();
        if (named is not null) roots.Add(named);
        if (Environment.GetEnvironmentVariable("RECSYS_DATA") is { Length: > 0 } variable) roots.Add(variable);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            roots.Add(Path.Combine(folder.FullName, "shared", "data"));
        foreach (var root in roots)
        {
            var folder = Path.Combine(root, set);
            if (Directory.Exists(folder)) return folder;
        }
        Console.WriteLine($"{set}: skipped, it is not here; name the folder that holds it with --data or RECSYS_DATA");
        return null;
    }
}

/// <summary>Our numbers beside the published ones.</summary>
internal sealed class ResultTable(string title)
{
    private readonly List<(string What, string Metric, string Ours, string Published, string Bound, bool Kept)> _rows = [];

    /// <summary>Whether all bounds were kept.</summary>
    public bool Kept => _rows.TrueForAll(row => row.Kept);

    /// <summary>Adds a row.</summary>
    /// <param name="what">Model and data.</param>
    /// <param name="metric">Its name.</param>
    /// <param name="ours">Our value.</param>
    /// <param name="interval">Our interval, or null.</param>
    /// <param name="published">The published value and whose it is, or null.</param>
    /// <param name="atLeast">The least value asked for, or null.</param>
    /// <param name="atMost">The greatest value asked for, or null.</param>
    public void Add(
        string what, string metric, double ours, (double Low, double High)? interval = null, string? published = null,
        double? atLeast = null, double? atMost = null)
    {
        var kept = !(ours < atLeast) && !(ours > atMost) && double.IsFinite(ours);
        var text = interval is { } i ? $"{ours:0.0000} [{i.Low:0.0000}, {i.High:0.0000}]" : $"{ours:0.0000}";
        var bound = (atLeast, atMost) switch
        {
            ({ } low, { } high) => $"{low:0.0000}..{high:0.0000}",
            ({ } low, null) => $">= {low:0.0000}",
            (null, { } high) => $"<= {high:0.0000}",
            _ => "",
        };
        _rows.Add((what, metric, text, published ?? "", kept ? bound : bound + "  short", kept));
    }

    public void Print()
    {
        List<string[]> cells =
        [
            ["", "metric", "ours", "published", "bound"],
            .. _rows.Select(r => new[] { r.What, r.Metric, r.Ours, r.Published, r.Bound }),
        ];
        var widths = Enumerable.Range(0, 5).Select(c => cells.Max(row => row[c].Length)).ToArray();
        Console.WriteLine(title);
        foreach (var row in cells) Console.WriteLine("  " + string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
    }
}

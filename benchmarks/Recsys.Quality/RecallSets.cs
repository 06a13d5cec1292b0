using System.IO.Compression;
using System.Text.Json;
using Recsys.Data;
using Recsys.Features;

namespace Recsys.Quality;

/// <summary>The logs that recall models are compared on.</summary>
internal static class RecallSets
{
    /// <summary>Name, folder, what reads it, and whether its rows have an order in time.</summary>
    public static readonly (string Name, string Folder, Func<string, Interactions> Load, bool Ordered)[] All =
    [
        ("ml-100k", "ml-100k", folder => MovieLens.Load(folder).Log, true),
        ("ml-1m", "ml-1m", folder => MovieLens.Load(folder).Log, true),
        ("Last.fm", "hetrec2011-lastfm-2k", LastFm, false),
        ("Amazon Beauty", "amazon-s3rec", folder => Amazon(folder, "Beauty"), true),
    ];

    /// <summary>Users, artists and play counts.</summary>
    public static Interactions LastFm(string folder)
    {
        var builder = new InteractionsBuilder();
        foreach (var line in Lines(Path.Combine(folder, "user_artists.dat.gz")).Skip(1))
        {
            var cells = line.Split('\t');
            builder.Add(cells[0], cells[1], float.Parse(cells[2]));
        }
        return builder.Build();
    }

    /// <summary>Each line is a user and the items in time order; their places serve as times.</summary>
    public static Interactions Amazon(string folder, string category)
    {
        var builder = new InteractionsBuilder();
        foreach (var line in Lines(Path.Combine(folder, category + ".txt.gz")))
        {
            var cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            for (var i = 1; i < cells.Length; i++) builder.Add(cells[0], cells[i], 1, i);
        }
        return builder.Build();
    }

    /// <summary>What each item of a set is about: genres of films, attributes of products; null where the set doesn't say.</summary>
    public static string[][]? About(string folder, Interactions log)
    {
        if (Path.GetFileName(folder).StartsWith("ml-", StringComparison.Ordinal))
            return [.. MovieLens.Load(folder).Items.Select(item => item.Genres.ToArray())];
        var file = Path.Combine(folder, "Beauty_item2attributes.json.gz");
        if (!File.Exists(file)) return null;
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        var attributes = JsonSerializer.Deserialize<Dictionary<string, int[]>>(stream)!;
        return [.. Enumerable.Range(0, log.ItemCount).Select(
            item => Array.ConvertAll(attributes.GetValueOrDefault(log.Items.Name(item), []), attribute => $"{attribute}"))];
    }

    /// <summary>The same as a feature of items.</summary>
    public static FeatureSet Features(string[][] about, Interactions train)
        => new FeatureSchema(Feature.MultiCategory("about", Side.Item, '|')).Fit(
            items: Columns.From(about).Text("about", terms => string.Join('|', terms)).Build().InIdOrder(), train: train);

    private static IEnumerable<string> Lines(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
            if (line.Length > 0) yield return line;
    }
}

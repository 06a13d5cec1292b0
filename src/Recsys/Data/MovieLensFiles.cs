using System.Collections.Immutable;
using System.Globalization;
using CsvHelper;

namespace Recsys.Data;

/// <summary>The files about films and users in MovieLens folders.</summary>
internal static class MovieLensFiles
{
    private static readonly string[] Genres100k =
    [
        "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
        "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
    ];

    private static readonly string[] Occupations1m =
    [
        "other", "academic/educator", "artist", "clerical/admin", "college/grad student", "customer service", "doctor/health care",
        "executive/managerial", "farmer", "homemaker", "K-12 student", "lawyer", "programmer", "retired", "sales/marketing",
        "scientist", "self-employed", "technician/engineer", "tradesman/craftsman", "unemployed", "writer",
    ];

    /// <summary>The path of a file, plain or with .gz after its name; null if there is neither.</summary>
    public static string? Find(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? path : File.Exists(path + ".gz") ? path + ".gz" : null;
    }

    public static string Need(string folder, string name)
        => Find(folder, name) ?? throw new InvalidDataException($"'{folder}' has no file {name} or {name}.gz.");

    public static ImmutableArray<MovieLensItem> Items100k(string folder, IdMap ids)
        => ById<MovieLensItem>(folder, "u.item", new("|", false, null, "latin-1", false), ids, 24, row =>
        {
            var genres = ImmutableArray.CreateBuilder<string>();
            for (var genre = 1; genre < Genres100k.Length; genre++)
                if (row.GetSpan(5 + genre).SequenceEqual("1"u8)) genres.Add(Genres100k[genre]);
            return Item(row.GetString(1), genres.ToImmutable());
        });

    public static ImmutableArray<MovieLensUser> Users100k(string folder, IdMap ids)
        => ById(folder, "u.user", new("|", false, null, "latin-1", false), ids, 5, row
            => new MovieLensUser(row.GetString(2), Number(row, "u.user", 1), row.GetString(3), row.GetString(4)));

    public static ImmutableArray<MovieLensItem> Items1m(string folder, IdMap ids)
        => ById(folder, "movies.dat", new("::", false, null, "latin-1", false), ids, 3, row
            => Item(row.GetString(1), Genres(row.GetString(2))));

    public static ImmutableArray<MovieLensUser> Users1m(string folder, IdMap ids)
        => Find(folder, "users.dat") is null
            ? []
            : ById(folder, "users.dat", new("::", false, null, "latin-1", false), ids, 5, row =>
            {
                var occupation = Number(row, "users.dat", 3);
                var name = (uint)occupation < (uint)Occupations1m.Length
                    ? Occupations1m[occupation]
                    : occupation.ToString(CultureInfo.InvariantCulture);
                return new MovieLensUser(row.GetString(1), Number(row, "users.dat", 2), name, row.GetString(4));
            });

    public static ImmutableArray<MovieLensItem> ItemsLatest(string folder, IdMap ids)
        => ById(folder, "movies.csv", new(",", true, '"', null, false), ids, 3, row => Item(row.GetString(1), Genres(row.GetString(2))));

    private static ImmutableArray<T> ById<T>(string folder, string name, CsvSource.Dialect dialect, IdMap ids, int width,
        Func<CsvReader, T> read) where T : class
    {
        var path = Need(folder, name);
        var found = new T?[ids.Count];
        using (var file = File.OpenRead(path))
        using (var csv = CsvSource.Open(file, Path.GetFileName(path), dialect, leaveOpen: true, skipMalformed: null))
        {
            while (csv.Read())
            {
                if (csv.FieldCount < width)
                    throw new InvalidDataException(
                        $"{Path.GetFileName(path)}, line {csv.LineNumber}: the row has {csv.FieldCount} fields; {width} are needed.");
                var id = ids.Find(csv.GetString(0));
                if (id >= 0) found[id] = read(csv);
            }
        }
        var missing = Array.IndexOf(found, null);
        if (missing >= 0) throw new InvalidDataException(
            $"{Path.GetFileName(path)} says nothing of id {ids.Name(missing)}, which has ratings.");
        return ImmutableArray.Create<T>(found!);
    }

    private static int Number(CsvReader row, string file, int column)
        => int.TryParse(row.GetSpan(column), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InvalidDataException(
                $"{file}, line {row.LineNumber}, column #{column}: '{Excerpt.Of(row.GetString(column))}' is not a whole number.");

    private static MovieLensItem Item(string title, ImmutableArray<string> genres) => new(title.Trim(), YearOf(title), genres);

    private static ImmutableArray<string> Genres(string joined)
        => joined.Length == 0 || joined.StartsWith('(') ? [] : [.. joined.Split('|')];

    private static int? YearOf(string title)
    {
        for (var open = title.LastIndexOf('('); open >= 0; open = open == 0 ? -1 : title.LastIndexOf('(', open - 1))
        {
            if (open + 5 < title.Length && title[open + 5] == ')'
                && int.TryParse(title.AsSpan(open + 1, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var year)) return year;
        }
        return null;
    }
}

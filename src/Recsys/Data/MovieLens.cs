using System.Collections.Immutable;
using System.Globalization;

namespace Recsys.Data;

/// <summary>What a MovieLens set says of a film.</summary>
/// <param name="Title">As in the file, year included.</param>
/// <param name="Year">The last year in parentheses in the title; null if there is none.</param>
/// <param name="Genres">May be empty ("unknown" and "(no genres listed)" count as none).</param>
public sealed record MovieLensItem(string Title, int? Year, ImmutableArray<string> Genres);

/// <summary>What a MovieLens set says of a user.</summary>
/// <param name="Gender">"M" or "F".</param>
/// <param name="Age">Years; in ml-1m the lower end of the age group (1, 18, 25, 35, 45, 50, 56).</param>
/// <param name="Occupation">In words.</param>
/// <param name="ZipCode">As in the file.</param>
public sealed record MovieLensUser(string Gender, int Age, string Occupation, string ZipCode);

/// <summary>
/// A MovieLens set, read from its folder: ratings, films and (where the set has them) users. Immutable. Harper and Konstan, "The MovieLens
/// datasets: history and context", ACM TiiS 5(4), 2015. The sets come from grouplens.org under terms of their own.
/// </summary>
public sealed class MovieLens
{
    private MovieLens(string name, Interactions log, ImmutableArray<MovieLensItem> items, ImmutableArray<MovieLensUser> users)
    {
        Name = name;
        Log = log;
        Items = items;
        Users = users;
    }

    /// <summary>"ml-100k", "ml-1m" or "ml-latest".</summary>
    public string Name { get; }

    /// <summary>The ratings as values, with times. Ids are the set's own numbers.</summary>
    public Interactions Log { get; }

    /// <summary>The rated films, by dense item id.</summary>
    public ImmutableArray<MovieLensItem> Items { get; }

    /// <summary>The users, by dense user id; empty if the set says nothing of them.</summary>
    public ImmutableArray<MovieLensUser> Users { get; }

    /// <summary>
    /// Reads a set, recognised by its files, each plain or gzip (then with .gz after its name): ml-100k by u.data; ml-1m by movies.dat,
    /// with the ratings in ratings.dat ("::") or in ratings.csv (header user,item,rating,timestamp); ml-latest-small and its larger sisters
    /// by movies.csv.
    /// </summary>
    /// <param name="folder">The folder of the set.</param>
    /// <param name="missingTime">
    /// What becomes of ratings without a time, which some copies of ml-1m have; by default they take that of their neighbour in the user's
    /// order.
    /// </param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">
    /// The folder holds no set that is known, or a file cannot be read; the message names file, line and column.
    /// </exception>
    public static MovieLens Load(string folder, MissingTime missingTime = MissingTime.FromNeighbour)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");

        if (MovieLensFiles.Find(folder, "u.data") is { } data)
        {
            var log = Interactions.ReadCsv(data,
                new CsvOptions { HasHeader = false, Delimiter = "\t", Value = 2, Time = 3, MissingTime = missingTime });
            return new MovieLens("ml-100k", log, MovieLensFiles.Items100k(folder, log.Items), MovieLensFiles.Users100k(folder, log.Users));
        }
        if (MovieLensFiles.Find(folder, "movies.dat") is not null)
        {
            var log = MovieLensFiles.Find(folder, "ratings.dat") is { } original
                ? Interactions.ReadCsv(original,
                    new CsvOptions { HasHeader = false, Delimiter = "::", Value = 2, Time = 3, MissingTime = missingTime })
                : Interactions.ReadCsv(MovieLensFiles.Need(folder, "ratings.csv"),
                    new CsvOptions { Delimiter = ",", MissingTime = missingTime });
            return new MovieLens("ml-1m", log, MovieLensFiles.Items1m(folder, log.Items), MovieLensFiles.Users1m(folder, log.Users));
        }
        if (MovieLensFiles.Find(folder, "movies.csv") is not null)
        {
            var log = Interactions.ReadCsv(MovieLensFiles.Need(folder, "ratings.csv"),
                new CsvOptions { Delimiter = ",", MissingTime = missingTime });
            return new MovieLens("ml-latest", log, MovieLensFiles.ItemsLatest(folder, log.Items), []);
        }
        throw new InvalidDataException($"'{folder}' holds no MovieLens set that is known: none of u.data (ml-100k), movies.dat (ml-1m), "
            + "movies.csv (ml-latest-small), plain or .gz.");
    }

    /// <summary>The official split of ml-100k with that name: its test file against all other ratings.</summary>
    /// <param name="folder">The folder of ml-100k.</param>
    /// <param name="name">"ua", "ub" or "u1" to "u5": the name of the test file before ".test".</param>
    /// <exception cref="InvalidDataException">The file is missing or names ratings that the set does not have.</exception>
    public static Split OfficialSplit(string folder, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var log = Load(folder).Log;
        var test = Interactions.ReadCsv(
            MovieLensFiles.Need(folder, $"{name}.test"),
            new CsvOptions { HasHeader = false, Delimiter = "\t", Value = 2, Time = 3, KnownUsers = log.Users, KnownItems = log.Items });
        var held = new HashSet<(int, int)>();
        foreach (var row in test.Rows()) held.Add((row.User, row.Item));
        var train = log.Where(row => !held.Contains((row.User, row.Item)));
        if (log.Count - train.Count != test.Count)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"{name}.test holds {test.Count} ratings, but u.data {log.Count - train.Count} of them; they are not of one set."));
        }
        return new Split(train, test, null, $"official split {name} of ml-100k",
            SplitWarnings.Of(log, train, test, null, random: true, byTime: false));
    }
}

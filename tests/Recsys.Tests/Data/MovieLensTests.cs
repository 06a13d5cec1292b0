using System.Text;
using Recsys.Data;

namespace Recsys.Tests.Data;

public class MovieLensTests
{
    [DataFact("ml-100k")]
    public void Reads_ml_100k()
    {
        var set = MovieLens.Load(TestData.Folder("ml-100k")!);
        Assert.Equal(("ml-100k", 100_000L, 943, 1682), (set.Name, set.Log.Count, set.Log.UserCount, set.Log.ItemCount));
        Assert.Equal(3.52986, Mean(set.Log), 5);
        var toyStory = set.Items[set.Log.Items.Find(1)];
        Assert.Equal(("Toy Story (1995)", 1995, "Animation Children's Comedy"),
            (toyStory.Title, toyStory.Year, string.Join(' ', toyStory.Genres)));
        Assert.Null(set.Items[set.Log.Items.Find(267)].Year);
        Assert.Empty(set.Items[set.Log.Items.Find(267)].Genres);
        Assert.Equal(new MovieLensUser("M", 24, "technician", "85711"), set.Users[set.Log.Users.Find(1)]);
    }

    [DataFact("ml-1m")]
    public void Reads_ml_1m_and_orders_users_though_times_are_missing()
    {
        var folder = TestData.Folder("ml-1m")!;
        var set = MovieLens.Load(folder);
        Assert.Equal(("ml-1m", 1_000_209L, 6040, 3706), (set.Name, set.Log.Count, set.Log.UserCount, set.Log.ItemCount));
        Assert.Equal(226_310, set.Log.ValueColumn.ToArray().Count(v => v == 5));
        Assert.Equal(["3186", "1721"], set.Log.ItemsOf(set.Log.Users.Find(1))[..2].ToArray().Select(set.Log.Items.Name));
        Assert.Equal(new MovieLensUser("F", 1, "K-12 student", "48067"), set.Users[set.Log.Users.Find(1)]);
        Assert.Equal("Animation Children's Comedy", string.Join(' ', set.Items[set.Log.Items.Find(1)].Genres));
        var kept = MovieLens.Load(folder, MissingTime.KeepInputOrder).Log;
        Assert.Equal(351_179, kept.TimeColumn.ToArray().Count(t => t == Interactions.NoTime));
        Assert.True(kept.ItemColumn.SequenceEqual(set.Log.ItemColumn));
        var falls = 0;
        for (var user = 0; user < set.Log.UserCount; user++)
        {
            var times = set.Log.TimesOf(user);
            for (var i = 1; i < times.Length; i++)
                if (times[i] < times[i - 1]) falls++;
        }
        Assert.Equal(0, falls);
    }

    [DataFact("ml-latest-small")]
    public void Reads_ml_latest_small()
    {
        var set = MovieLens.Load(TestData.Folder("ml-latest-small")!);
        Assert.Equal(("ml-latest", 100_836L, 610, 9724), (set.Name, set.Log.Count, set.Log.UserCount, set.Log.ItemCount));
        Assert.Equal(3.50156, Mean(set.Log), 5);
        Assert.True(set.Users.IsEmpty);
        var american = set.Items[set.Log.Items.Find(11)];
        Assert.Equal(("American President, The (1995)", 1995), (american.Title, american.Year));
    }

    [DataFact("ml-100k")]
    public void The_official_split_has_ten_test_ratings_of_each_user()
    {
        var split = MovieLens.OfficialSplit(TestData.Folder("ml-100k")!, "ua");
        Assert.Equal((90_570L, 9_430L), (split.Train.Count, split.Test.Count));
        for (var user = 0; user < split.Test.UserCount; user++) Assert.Equal(10, split.Test.ItemsOf(user).Length);
        Assert.Equal((80_000L, 20_000L), Sizes(MovieLens.OfficialSplit(TestData.Folder("ml-100k")!, "u1")));
        Assert.Contains(
            "has no file u9.test or u9.test.gz",
            Assert.Throws<InvalidDataException>(() => MovieLens.OfficialSplit(TestData.Folder("ml-100k")!, "u9")).Message);
    }

    [Fact]
    public void Reads_the_original_files_of_ml_1m()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "movies.dat"),
                "1::Toy Story (1995)::Animation|Comedy\n2::Am\u00e9lie: A \"Tale\" (2001) (V)::Drama\n", Encoding.Latin1);
            File.WriteAllText(Path.Combine(folder, "ratings.dat"), "1::2::5::20\n1::1::3::10\n");
            var set = MovieLens.Load(folder);
            Assert.Equal(["1", "2"], set.Log.ItemsOf(0).ToArray().Select(set.Log.Items.Name));
            var film = set.Items[set.Log.Items.Find(2)];
            Assert.Equal(("Am\u00e9lie: A \"Tale\" (2001) (V)", 2001), (film.Title, film.Year));
            Assert.True(set.Users.IsEmpty);

            File.WriteAllText(Path.Combine(folder, "users.dat"), "1::F::x::10::48067\n");
            Assert.Contains("users.dat, line 1, column #2: 'x' is not a whole number",
                Assert.Throws<InvalidDataException>(() => MovieLens.Load(folder)).Message);
            File.WriteAllText(Path.Combine(folder, "movies.dat"), "1::Toy Story (1995)::Animation\n");
            Assert.Contains("movies.dat says nothing of id 2", Assert.Throws<InvalidDataException>(() => MovieLens.Load(folder)).Message);
            File.WriteAllText(Path.Combine(folder, "movies.dat"), "1::Toy Story (1995)\n");
            Assert.Contains("movies.dat, line 1: the row has 2 fields; 3 are needed",
                Assert.Throws<InvalidDataException>(() => MovieLens.Load(folder)).Message);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void An_unknown_folder_is_an_error_that_says_what_was_looked_for()
    {
        Assert.Throws<DirectoryNotFoundException>(() => MovieLens.Load("no-such-folder"));
        var folder = Directory.CreateTempSubdirectory().FullName;
        Assert.Contains("none of u.data (ml-100k), movies.dat (ml-1m), movies.csv",
            Assert.Throws<InvalidDataException>(() => MovieLens.Load(folder)).Message);
        Directory.Delete(folder);
    }

    private static (long, long) Sizes(Split split) => (split.Train.Count, split.Test.Count);

    private static double Mean(Interactions log)
    {
        var sum = 0.0;
        foreach (var value in log.ValueColumn) sum += value;
        return sum / log.Count;
    }
}

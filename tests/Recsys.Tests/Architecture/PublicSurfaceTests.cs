namespace Recsys.Tests.Architecture;

/// <summary>The public API is a text that a person reviews: src/Recsys/PublicApi.txt.</summary>
public sealed class PublicSurfaceTests
{
    private const string Accept = "RECSYS_ACCEPT_API";

    [Fact]
    public void The_public_api_is_the_reviewed_text()
    {
        var file = Path.Combine(SourceRulesTests.RepositoryRoot(), "src", "Recsys", "PublicApi.txt");
        var actual = PublicSurface.Of(typeof(ScoredItem).Assembly);
        if (Environment.GetEnvironmentVariable(Accept) == "1") File.WriteAllText(file, actual);

        var expected = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";
        if (expected == actual) return;
        Assert.Fail($"The public API differs from src/Recsys/PublicApi.txt. If the change is meant, run the tests once with {Accept}=1 " +
            $"and commit the file.{Environment.NewLine}{Difference(expected, actual)}");
    }

    [Fact]
    public void A_difference_names_what_went_and_what_came()
    {
        const string Before = "class A\n    int X()\nclass B\n    int X()\n", After = "class A\n    int X()\nclass B\n    long X()\n";
        Assert.Equal(["- class B", "-     int X()", "+ class B", "+     long X()"], Difference(Before, After).Split(Environment.NewLine));
    }

    // Lines of one text that the other lacks, each below its type: members are sorted, so no more is needed to see what changed.
    private static string Difference(string expected, string actual)
    {
        var (before, after) = (Members(expected), Members(actual));
        return string.Join(Environment.NewLine, Missing("- ", before, after).Concat(Missing("+ ", after, before)));
    }

    private static IEnumerable<string> Missing(string sign, List<(string Type, string Line)> lines, List<(string Type, string Line)> others)
    {
        var known = others.ToHashSet();
        var type = "";
        foreach (var line in lines.Where(l => !known.Contains(l)))
        {
            if (line.Type != type && line.Line != line.Type) yield return sign + line.Type;
            type = line.Type;
            yield return sign + line.Line;
        }
    }

    private static List<(string Type, string Line)> Members(string text)
    {
        var (type, lines) = ("", new List<(string, string)>());
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] != ' ') type = line;
            lines.Add((type, line));
        }
        return lines;
    }
}

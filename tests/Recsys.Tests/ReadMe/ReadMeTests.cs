using System.Xml.Linq;

namespace Recsys.Tests.ReadMe;

public class ReadMeTests
{
    private const string Example = """
        using Recsys;

        public class Examples
        {
            [Fact]
            public void Adds()
            {
                // README: sum
                var sum = 1 + 2;

                if (sum > 2)
                    sum--;
                // README: end
                Assert.Equal(2, sum);
            }
        }
        """;

    [Fact]
    public void The_README_shows_only_code_that_the_tests_run_and_commands_that_exist()
    {
        var root = Root();
        var sources = Directory.GetFiles(Path.Combine(root, "tests", "Recsys.Tests", "ReadMe"), "*Examples.cs")
            .Select(path => (Path.GetFileName(path), File.ReadAllText(path)));
        var packages = Directory.GetFiles(Path.Combine(root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => XDocument.Load(path).Descendants("PackageId").FirstOrDefault()?.Value).OfType<string>().ToList();
        var markdown = File.ReadAllText(Path.Combine(root, "README.md"));
        var problems = ReadMeCheck.Problems(markdown, sources, path => Path.Exists(Path.Combine(root, path)), packages);
        Assert.True(problems.Count == 0, string.Join(Environment.NewLine, problems));
    }

    [Fact]
    public void A_block_that_a_test_holds_passes_whatever_its_indentation()
        => Assert.Empty(Check("""
            # Title
            ```csharp
            using Recsys;

            var sum = 1 + 2;

            if (sum > 2)
                sum--;
            ```
            """));

    [Theory]
    [InlineData("```csharp\nvar sum = 1 + 3;\n```", "README line 1: no test file holds this C# block", "var sum = 1 + 3;")]
    [InlineData("```cs\nvar sum = 1 + 2;\n```", "README line 1: no test file holds")]  // a part of a region is not the region
    [InlineData("text\n\n```csharp\nusing Other;\nvar sum = 1 + 2;\n\nif (sum > 2)\n    sum--;\n```", "README line 3: 'using Other;'")]
    [InlineData("no block at all", "Examples.cs: the region 'sum' is not in the README")]
    public void A_block_that_no_test_holds_is_named(string markdown, params string[] expected)
    {
        var problems = string.Join('\n', Check(markdown));
        Assert.All(expected, text => Assert.Contains(text, problems, StringComparison.Ordinal));
    }

    [Fact]
    public void A_region_that_is_not_in_a_test_or_does_not_end_is_named()
    {
        var loose = ReadMeCheck.Problems("", [("Loose.cs", "// README: a\nvar x = 1;\n// README: end")], _ => true, []);
        Assert.Contains(loose, problem => problem.Contains("'a' is not in a test of its own", StringComparison.Ordinal));
        var open = ReadMeCheck.Problems("", [("Open.cs", "[Fact]\n// README: b\nvar x = 1;")], _ => true, []);
        Assert.Contains(open, problem => problem.Contains("'b' has no '// README: end'", StringComparison.Ordinal));
        var shared = ReadMeCheck.Problems("```cs\nA();\n```\n```cs\nB();\n```",
            [("Two.cs", "[DataFact(\"x\")]\n// README: a\nA();\n// README: end\n// README: b\nB();\n// README: end")], _ => true, []);
        Assert.Equal(["Two.cs: the region 'b' is not in a test of its own, so nothing runs it."], shared);
    }

    [Theory]
    [InlineData("dotnet test -c Release", null)]
    [InlineData("dotnet run -c Release --project samples/Here -- --data ../gone/away", null)]
    [InlineData("$ dotnet run -c Release --project samples/Gone", "samples/Gone, which does not exist")]
    [InlineData("dotnet run -c Release", "no --project")]
    [InlineData("dotnet test tests/Gone -c Release  # all", "tests/Gone, which does not exist")]
    [InlineData("dotnet pack samples/Here -c Release -o /tmp/out", null)]
    [InlineData("dotnet bake", "is not a command")]
    [InlineData("dotnet add package Ours", null)]
    [InlineData("dotnet add package Others", "a package that this repository does not make")]
    public void A_command_must_name_what_exists(string command, string? expected)
    {
        foreach (var markdown in new[] { $"```sh\n{command}\n```", $"```\n{command}\n```", $"Type `{command}` now." })
        {
            var problems = ReadMeCheck.Problems(markdown, [], path => path == "samples/Here", ["Ours"]);
            if (expected is null) Assert.Empty(problems);
            else Assert.Contains(expected, Assert.Single(problems), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_link_must_lead_somewhere()
    {
        const string Markdown = "[a](LICENSE) [b](docs/gone.md#part) [c](https://example.org/x) [d](#here)";
        Assert.Equal(["The README links to docs/gone.md, which does not exist."],
            ReadMeCheck.Problems(Markdown, [], path => path == "LICENSE", []));
    }

    private static List<string> Check(string markdown) => ReadMeCheck.Problems(markdown, [("Examples.cs", Example)], _ => true, []);

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Recsys.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Recsys.sln.");
    }
}

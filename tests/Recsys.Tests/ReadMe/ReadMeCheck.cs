using System.Text.RegularExpressions;

namespace Recsys.Tests.ReadMe;

/// <summary>
/// Keeps a README honest: its C# blocks are regions of test files, between "// README: name" and "// README: end"; its dotnet commands
/// name projects that exist; its links lead to files that exist. A block may open with using lines if the test file has the same ones.
/// </summary>
internal static partial class ReadMeCheck
{
    private const string Marker = "// README: ";
    private static readonly string[] Verbs = ["run", "test", "build", "pack", "publish", "restore", "format", "add", "new", "--version"];

    /// <summary>Everything that is wrong, one sentence each; empty if nothing is.</summary>
    /// <param name="markdown">The README.</param>
    /// <param name="sources">Name and text of each test file that may hold regions.</param>
    /// <param name="exists">Whether a path relative to the repository exists.</param>
    /// <param name="packages">Ids of the packages that the repository makes.</param>
    public static List<string> Problems(
        string markdown, IEnumerable<(string Name, string Text)> sources, Func<string, bool> exists, IReadOnlyCollection<string> packages)
    {
        var problems = new List<string>();
        var regions = sources.SelectMany(source => Regions(source.Name, source.Text, problems)).ToList();
        var used = new HashSet<Region>();
        foreach (var block in Blocks(markdown))
        {
            if (block.Language is not ("csharp" or "cs" or "c#")) continue;
            var (usings, body) = SplitUsings(block.Lines);
            var region = regions.Find(region => region.Body == body);
            if (region is null)
            {
                problems.Add(
                    $"README line {block.Line}: no test file holds this C# block between '{Marker}name' and '{Marker}end': {FirstLine(body)}");
                continue;
            }
            used.Add(region);
            problems.AddRange(usings.Where(line => !region.Usings.Contains(line))
                .Select(line => $"README line {block.Line}: '{line}' stands in the README but not in {region.Source}."));
        }
        problems.AddRange(regions.Where(region => !used.Contains(region))
            .Select(region => $"{region.Source}: the region '{region.Name}' is not in the README as it stands."));
        problems.AddRange(Commands(markdown).Select(command => CommandProblem(command, exists, packages)).OfType<string>());
        problems.AddRange(Links(markdown).Where(link => !exists(link))
            .Select(link => $"The README links to {link}, which does not exist."));
        return problems;
    }

    /// <summary>The fenced blocks, with the line on which each begins and without their common indentation.</summary>
    public static IEnumerable<Block> Blocks(string markdown)
    {
        var lines = Lines(markdown);
        for (var i = 0; i < lines.Length; i++)
        {
            var open = FenceOpening().Match(lines[i]);
            if (!open.Success) continue;
            var fence = open.Groups["fence"].Value;
            var from = ++i;
            while (i < lines.Length && lines[i].Trim() != fence) i++;
            yield return new Block(open.Groups["language"].Value, from, Outdent(lines[from..i]));
        }
    }

    private static IEnumerable<Region> Regions(string source, string text, List<string> problems)
    {
        var lines = Lines(text);
        var usings = lines.Where(IsUsing).Select(line => line.Trim()).ToHashSet();
        var end = -1;
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].TrimStart().StartsWith(Marker, StringComparison.Ordinal)) continue;
            var name = lines[i].Trim()[Marker.Length..];
            var from = i + 1;
            if (!lines[(end + 1)..i].Any(line => FactAttribute().IsMatch(line)))
                problems.Add($"{source}: the region '{name}' is not in a test of its own, so nothing runs it.");
            end = Array.FindIndex(lines, from, line => line.Trim() == Marker + "end");
            if (end < 0)
            {
                problems.Add($"{source}: the region '{name}' has no '{Marker}end'.");
                yield break;
            }
            yield return new Region(source, name, string.Join('\n', Outdent(lines[from..end])), usings);
            i = end;
        }
    }

    private static (List<string> Usings, string Body) SplitUsings(string[] lines)
    {
        var count = lines.TakeWhile(line => line.Length == 0 || IsUsing(line)).Count();
        var usings = lines.Take(count).Where(line => line.Length > 0).ToList();
        return (usings, string.Join('\n', Outdent(lines[count..])));
    }

    private static IEnumerable<string> Commands(string markdown)
        => Blocks(markdown).Where(block => block.Language is "" or "sh" or "bash" or "shell" or "console" or "powershell")
            .SelectMany(block => block.Lines)
            .Concat(InlineCode().Matches(markdown).Select(match => match.Groups["code"].Value))
            .Select(line => line.Trim().TrimStart('$').Trim())
            .Where(line => line.StartsWith("dotnet ", StringComparison.Ordinal));

    private static string? CommandProblem(string command, Func<string, bool> exists, IReadOnlyCollection<string> packages)
    {
        var all = command.Split(['#', ';', '&', '|'])[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var own = all.TakeWhile(word => word != "--").ToArray();  // what follows is for the program
        var verb = own.ElementAtOrDefault(1);
        if (!Verbs.Contains(verb)) return $"'{command}' is not a command of dotnet that this check knows.";
        if (verb == "add")
        {
            var package = Array.IndexOf(own, "package") is var at and > 0 ? own.ElementAtOrDefault(at + 1) : null;
            if (package is null || packages.Contains(package)) return null;
            return $"'{command}' names a package that this repository does not make.";
        }
        if (verb == "run" && !own.Contains("--project"))
            return $"'{command}' has no --project, and there is no project in the root folder.";
        for (var i = 2; i < own.Length; i++)
        {
            var isOutput = own[i - 1] is "-o" or "--output";
            var isPath = own[i - 1] == "--project" || (own[i].Contains('/') && !own[i].StartsWith('-') && !isOutput);
            if (isPath && !exists(own[i])) return $"'{command}' names {own[i]}, which does not exist.";
        }
        return null;
    }

    private static IEnumerable<string> Links(string markdown)
        => Link().Matches(markdown).Select(match => match.Groups["target"].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains(':'));

    private static string[] Lines(string text)
        => Array.ConvertAll(text.ReplaceLineEndings("\n").Split('\n'), line => line.TrimEnd());

    private static string[] Outdent(string[] lines)
    {
        var from = Array.FindIndex(lines, line => line.Length > 0);
        if (from < 0) return [];
        var kept = lines[from..(Array.FindLastIndex(lines, line => line.Length > 0) + 1)];
        var indent = kept.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return Array.ConvertAll(kept, line => line.Length == 0 ? line : line[indent..]);
    }

    private static bool IsUsing(string line) => UsingLine().IsMatch(line);

    private static string FirstLine(string body) => body.Split('\n')[0];

    [GeneratedRegex(@"^\s*(?<fence>`{3,}|~{3,})(?<language>[^\s`]*)")]
    private static partial Regex FenceOpening();

    [GeneratedRegex(@"^\s*(global )?using (static )?[\w.]+;$")]
    private static partial Regex UsingLine();

    [GeneratedRegex(@"^\s*\[\w*(Fact|Theory)\b")]
    private static partial Regex FactAttribute();

    [GeneratedRegex(@"(?<!`)`(?<code>[^`\n]+)`(?!`)")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    /// <summary>A fenced block; Line counts from 1 and is that of the fence.</summary>
    internal sealed record Block(string Language, int Line, string[] Lines);

    private sealed record Region(string Source, string Name, string Body, HashSet<string> Usings);
}

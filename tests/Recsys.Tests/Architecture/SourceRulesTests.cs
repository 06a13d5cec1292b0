using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Recsys.Tests.Architecture;

/// <summary>The rules that keep the library one shape, read from the text of its source and from its fields.</summary>
public sealed partial class SourceRulesTests
{
    private const int MostLines = 500;

    // Who may use whom: the folder, and the folders whose namespaces its files may name. "" is the root.
    private static readonly Dictionary<string, string[]> Uses = new()
    {
        [""] = ["Numerics", "Data", "Features", "Persistence", "Indexing", "Recall"],
        ["Numerics"] = [],
        ["Data"] = ["Numerics", "Persistence"],
        ["Persistence"] = ["Numerics"],
        ["Graphs"] = ["Data", "Numerics"],
        ["Trees"] = ["Numerics", "Persistence"],
        ["Features"] = ["Data", "Persistence", "Numerics"],
        ["Nn"] = ["Numerics", "Features", "Persistence"],
        ["Indexing"] = ["Numerics", "Persistence"],
        ["Evaluation"] = ["Data", "Numerics"],
        ["Recall"] = Below,
        ["Rank"] = Below,
        ["Rerank"] = Below,
        ["Profiles"] = Below,
        ["ColdStart"] = [.. Below, "Profiles"],
        ["Simulation"] = Below,
    };

    private static string[] Below => ["Numerics", "Data", "Features", "Persistence", "Indexing", "Graphs", "Trees", "Nn"];

    // The explicit list of model kinds is the one place that names every model.
    private static readonly string[] NamesEveryModel = ["Persistence/ModelKinds.cs"];

    private static readonly Dictionary<string, string[]> PackageHomes = new()
    {
        ["CsvHelper"] = ["Data", "Features"],
        ["MathNet"] = ["Numerics"],
    };

    [Fact]
    public void A_folder_uses_only_what_lies_below_it()
    {
        var broken = new List<string>();
        foreach (var (file, text) in Sources())
        {
            if (NamesEveryModel.Contains(file)) continue;
            var folder = FolderOf(file);
            if (!Uses.TryGetValue(folder, out var allowed))
            {
                broken.Add($"{file}: the folder {folder} is new; say in {nameof(Uses)} what it may use.");
                continue;
            }
            foreach (var used in Uses.Keys.Where(k => k != "" && k != folder && !allowed.Contains(k)))
            {
                if (Regex.IsMatch(text, $@"\bRecsys\.{used}\b"))
                    broken.Add($"{file} names Recsys.{used}; {Where(folder)} may use {string.Join(", ", allowed)}.");
            }
        }
        Check(broken);
    }

    [Fact]
    public void An_outside_package_is_used_only_where_it_belongs()
        => Check(from source in Sources()
                 from package in PackageHomes
                 where Regex.IsMatch(source.Text, $@"\b{package.Key}\.|using {package.Key}\b")
                 where !package.Value.Contains(FolderOf(source.File))
                 select $"{source.File} uses {package.Key}, which belongs to {string.Join(" and ", package.Value)}.");

    [Fact]
    public void Unsafe_code_and_intrinsics_live_in_numerics_alone()
        => Check(from source in Sources()
                 where FolderOf(source.File) != "Numerics"
                 from Match match in UnsafeWords().Matches(source.Text)
                 select $"{source.File}: {match.Value}; unsafe code and intrinsics belong in Numerics, behind spans.");

    [Fact]
    public void The_library_never_writes_to_the_console()
        => Check(from source in Sources()
                 where ConsoleWord().IsMatch(source.Text)
                 select $"{source.File} uses the console; report through IProgress or return a value.");

    [Fact]
    public void The_library_has_no_ambient_random_numbers()
        => Check(from source in Sources()
                 where RandomWords().IsMatch(source.Text)
                 select $"{source.File} uses System.Random; draw from an Rng that the caller seeds.");

    [Fact]
    public void No_file_is_long()
        => Check(from source in Sources()
                 let lines = source.Text.Count(c => c == '\n')
                 where lines > MostLines
                 select $"{source.File} has {lines} lines; split it, {MostLines} is the most.");

    [Fact]
    public void Files_lie_in_the_folder_of_their_namespace()
        => Check(from source in Sources()
                 let match = NamespaceLine().Match(source.Text)
                 where match.Success
                 let folder = FolderOf(source.File)
                 where match.Groups[1].Value != (folder == "" ? "Recsys" : "Recsys." + folder)
                 select $"{source.File} has namespace {match.Groups[1].Value}.");

    [Fact]
    public void There_is_no_static_mutable_state()
    {
        // Scratch memory of a kernel, empty between calls, is the one exception; it is private and lives in Numerics.
        var broken = new List<string>();
        foreach (var type in typeof(Guard).Assembly.GetTypes())
        {
            if (IsGenerated(type)) continue;
            foreach (var field in type.GetFields(AnyStatic))
            {
                if (field.IsLiteral || field.IsInitOnly && !IsGrowing(field.FieldType)) continue;
                if (type.Namespace == "Recsys.Numerics" && field.IsPrivate && field.IsDefined(typeof(ThreadStaticAttribute))) continue;
                if (KnownPools.Contains($"{type.FullName}.{field.Name}")) continue;
                broken.Add($"{type.FullName}.{field.Name} is static and can change; nothing may be global.");
            }
        }
        Check(broken);
    }

    private const BindingFlags AnyStatic = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly string[] KnownPools =
    [
        "Recsys.Numerics.ShardJob.s_free", "Recsys.Numerics.ShardHelpers.s_waiting", "Recsys.Numerics.ShardHelpers.s_threads",
        "Recsys.Numerics.ShardHelpers.s_idle",
    ];

    private static bool IsGrowing(Type type)
        => type.Namespace == "System.Collections.Concurrent"
            || type.IsGenericType && GrowingTypes.Contains(type.GetGenericTypeDefinition());

    private static readonly Type[] GrowingTypes =
        [typeof(List<>), typeof(Dictionary<,>), typeof(HashSet<>), typeof(Queue<>), typeof(ConditionalWeakTable<,>)];

    // Where the compiler keeps lambdas and array constants.
    private static bool IsGenerated(Type type)
        => type.IsDefined(typeof(CompilerGeneratedAttribute)) || type.Name.Contains('<', StringComparison.Ordinal)
            || type.DeclaringType is { } outer && IsGenerated(outer);

    /// <summary>Every source file of the library, its path below src/Recsys with slashes, and its text without comments.</summary>
    private static List<(string File, string Text)> Sources()
    {
        var root = Path.Combine(RepositoryRoot(), "src", "Recsys");
        var sources = new List<(string, string)>();
        foreach (var path in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var file = Path.GetRelativePath(root, path).Replace('\\', '/');
            if (file.StartsWith("obj/", StringComparison.Ordinal) || file.StartsWith("bin/", StringComparison.Ordinal)) continue;
            sources.Add((file, CommentLine().Replace(File.ReadAllText(path), "")));
        }
        Assert.NotEmpty(sources);
        return sources;
    }

    internal static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Recsys.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Recsys.sln.");
    }

    private static string FolderOf(string file)
        => file.IndexOf('/', StringComparison.Ordinal) is var slash && slash < 0 ? "" : file[..slash];

    private static string Where(string folder) => folder == "" ? "the root" : folder;

    private static void Check(IEnumerable<string> broken)
    {
        var all = broken.ToList();
        Assert.True(all.Count == 0, string.Join(Environment.NewLine, all));
    }

    // Whole comment lines only, the line end kept, so that a cref in a doc doesn't count as use and lines still do.
    [GeneratedRegex(@"^[ \t]*//[^\n]*", RegexOptions.Multiline)]
    private static partial Regex CommentLine();

    [GeneratedRegex(@"\bunsafe\b|\bRuntime\.Intrinsics\b|\bUnsafe\.\w+|\bMemoryMarshal\.(Get\w*Reference|Create\w*Span)\b")]
    private static partial Regex UnsafeWords();

    [GeneratedRegex(@"\bConsole\.")]
    private static partial Regex ConsoleWord();

    [GeneratedRegex(@"\bnew Random\b|\bRandom\.Shared\b")]
    private static partial Regex RandomWords();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}

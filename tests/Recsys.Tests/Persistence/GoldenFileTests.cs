using Recsys.Persistence;

namespace Recsys.Tests.Persistence;

/// <summary>
/// One file for each version of the format and of each kind of model, written by the release that introduced it and never again: if a test
/// here fails, the reader is wrong, not the file. A new version adds a file: <c>Recsys.Tests write-golden kind path</c>.
/// </summary>
public sealed class GoldenFileTests
{
    private static readonly ModelKinds TestKinds = ModelKinds.None.With<Leaf>().With<Everything>().With<Nest>();

    public static TheoryData<string> Kinds => [.. ModelKinds.Standard.Names];

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*-v*.recsys").Select(path => Path.GetFileName(path)).Order()];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Persistence", "Golden");

    [Fact]
    public void Format_1_loads()
    {
        var nest = ModelFile.Load<Nest>(Path.Combine(Folder, "format-1.recsys"), TestKinds);
        Assert.Equal([1.5f, -2], ((Leaf)nest.Any).Weights);
        Assert.Equal(Everything.Sample(), nest.Known);
    }

    [Fact]
    public void Format_1_can_be_inspected()
    {
        var summary = ModelFile.Inspect(Path.Combine(Folder, "format-1.recsys"));
        Assert.Equal("test-nest", summary.Kind);
        Assert.Equal("0.1.0", summary.Library);
        Assert.Equal("test-everything", summary.Values["known.kind"]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_newest_version_of_each_kind_has_a_file(string kind)
    {
        Assert.True(StandardModels.Samples.ContainsKey(kind), $"StandardModels has no sample of '{kind}'.");
        var name = Name(ModelFile.Inspect(new MemoryStream(Save(StandardModels.Samples[kind]()))));
        Assert.True(
            File.Exists(Path.Combine(Folder, name)),
            $"Persistence/Golden has no {name}: write it once with 'Recsys.Tests write-golden {kind} {name}'.");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_version_of_each_kind_loads(string file)
    {
        var path = Path.Combine(Folder, file);
        var saved = Save(ModelFile.Load(path));
        var (then, now) = (ModelFile.Inspect(path), ModelFile.Inspect(new MemoryStream(saved)));
        Assert.Equal(file, Name(then));
        Assert.Equal(then.Kind, now.Kind);
        if (then.Version != now.Version) return;

        // The same version holds the same entries, bit for bit; inside it a model may have moved on to a new version.
        var (old, current) = (EditableModelFile.Parse(File.ReadAllBytes(path)), EditableModelFile.Parse(saved));
        if (!old.Values.Where(IsVersion).SequenceEqual(current.Values.Where(IsVersion))) return;
        Assert.Equal(old.Values.Where(IsContent), current.Values.Where(IsContent));
        Assert.Equal(old.Data(), current.Data());
    }

    /// <summary>How the file of a new version comes into being. Refuses to replace one.</summary>
    internal static void WriteNew(string kind, string path)
    {
        using var stream = new FileStream(path, FileMode.CreateNew);
        if (kind == "format") ModelFile.Save(stream, new Nest(new Leaf([1.5f, -2]), Everything.Sample()), TestKinds);
        else ModelFile.Save(stream, StandardModels.Samples[kind](), ModelKinds.Standard);
    }

    private static string Name(ModelFileSummary summary) => $"{summary.Kind.Replace('/', '-')}-v{summary.Version}.recsys";

    private static bool IsVersion((string Name, string Value) entry)
        => entry.Name == "version" || entry.Name.EndsWith(".version", StringComparison.Ordinal);

    private static bool IsContent((string Name, string Value) entry) => entry.Name is not ("library" or "checksum");

    private static byte[] Save(object model)
    {
        var stream = new MemoryStream();
        ModelFile.Save(stream, model);
        return stream.ToArray();
    }
}

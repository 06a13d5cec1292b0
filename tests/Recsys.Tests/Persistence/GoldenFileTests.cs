using Recsys.Persistence;

namespace Recsys.Tests.Persistence;

/// <summary>
/// One file for each version of the format, written by the release that introduced it and never again: if a test here fails, the reader is
/// wrong, not the file. The files of models lie in the same folder and are opened by the tests of the models.
/// </summary>
public sealed class GoldenFileTests
{
    private static readonly ModelKinds Kinds = ModelKinds.None.With<Leaf>().With<Everything>().With<Nest>();

    [Fact]
    public void Format_1_loads()
    {
        var nest = ModelFile.Load<Nest>(Place("format-1.recsys"), Kinds);
        Assert.Equal([1.5f, -2], ((Leaf)nest.Any).Weights);
        Assert.Equal(Everything.Sample(), nest.Known);
    }

    [Fact]
    public void Format_1_can_be_inspected()
    {
        var summary = ModelFile.Inspect(Place("format-1.recsys"));
        Assert.Equal("test-nest", summary.Kind);
        Assert.Equal("0.1.0", summary.Library);
        Assert.Equal("test-everything", summary.Values["known.kind"]);
    }

    internal static string Place(string name) => Path.Combine(AppContext.BaseDirectory, "Persistence", "Golden", name);

    /// <summary>How the file of a new version comes into being: <c>Recsys.Tests write-golden path</c>. Refuses to replace one.</summary>
    internal static void WriteNew(string path)
    {
        using var stream = new FileStream(path, FileMode.CreateNew);
        ModelFile.Save(stream, new Nest(new Leaf([1.5f, -2]), Everything.Sample()), Kinds);
    }
}

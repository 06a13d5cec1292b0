namespace Recsys.Tests;

/// <summary>Where the public data sets are: the folder in RECSYS_DATA, or shared/data beside the repository. Never part of it.</summary>
internal static class TestData
{
    public static string? Root { get; } = Find();

    /// <summary>The folder of one data set, or null where it is absent.</summary>
    public static string? Folder(string name)
    {
        if (Root is null) return null;
        var folder = Path.Combine(Root, name);
        return Directory.Exists(folder) ? folder : null;
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("RECSYS_DATA") is { Length: > 0 } named) return Directory.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(candidate)) return candidate;
        }
        return null;
    }
}

/// <summary>A test over a real data set; skipped, saying so, where the folder is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DataFactAttribute : FactAttribute
{
    public DataFactAttribute(string dataSet)
    {
        if (TestData.Folder(dataSet) is null) Skip = $"The data set {dataSet} is not here; set RECSYS_DATA to a folder that holds it.";
    }
}

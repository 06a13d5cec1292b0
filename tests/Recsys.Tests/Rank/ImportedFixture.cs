using System.Text.Json;
using Recsys.Rank;

namespace Recsys.Tests.Rank;

/// <summary>A model of another tool, rows, and what the tool itself says of them: made by the scripts in Oracles.</summary>
internal sealed record ImportedFixture(
    ImportedTrees Model, int Rows, float[] X, double[] Raw, double[] Predict, int[] Leaves, double[] Contributions)
{
    public static string Folder(string tool) => Path.Combine(AppContext.BaseDirectory, "Oracles", tool);

    public static string File(string tool, string name)
        => Path.Combine(Folder(tool), name + (tool == "xgboost" ? ".json" : ".txt"));

    public static ImportedTrees Load(string tool, string name)
        => tool == "xgboost" ? XGBoostModel.Load(File(tool, name)) : LightGbmModel.Load(File(tool, name));

    public static ImportedTrees Read(string tool, byte[] bytes)
        => tool == "xgboost" ? XGBoostModel.Read(new MemoryStream(bytes)) : LightGbmModel.Read(new MemoryStream(bytes));

    public static ImportedFixture Of(string tool, string name)
    {
        using var answers = JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(Folder(tool), name + ".answers.json")));
        double[] Numbers(string key) => [.. answers.RootElement.GetProperty(key).EnumerateArray()
            .Select(e => e.ValueKind == JsonValueKind.Null ? double.NaN : e.GetDouble())];
        return new ImportedFixture(Load(tool, name), answers.RootElement.GetProperty("rows").GetInt32(),
            Array.ConvertAll(Numbers("x"), v => (float)v), Numbers("raw"), Numbers("predict"),
            Array.ConvertAll(Numbers("leaves"), v => (int)v), Numbers("contributions"));
    }

    public static void Close(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])),
                $"At {i}: {expected[i]:R} expected, {actual[i]:R} found.");
    }
}

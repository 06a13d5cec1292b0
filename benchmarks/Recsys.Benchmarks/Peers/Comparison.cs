using System.Text.Json.Nodes;

namespace Recsys.Benchmarks.Peers;

/// <summary>
/// The same work by us and by another library, alternating in one run. Derive, name a script in benchmarks/peers, list the cases; the class
/// is found by
/// itself and runs with <c>dotnet run -c Release --project benchmarks/Recsys.Benchmarks -- compare NAME</c>.
/// </summary>
internal abstract class Comparison
{
    /// <summary>What to type after "compare".</summary>
    public abstract string Name { get; }

    /// <summary>The peer's file in benchmarks/peers.</summary>
    public abstract string Script { get; }

    /// <summary>What is measured, in order. Yields nothing, after a message, where its data is absent.</summary>
    public abstract IEnumerable<ComparisonCase> Cases();

    /// <summary>
    /// The folder of one data set (RECSYS_DATA, or shared/data above the repository), or null after saying that it is absent.
    /// </summary>
    protected static string? Data(string name)
    {
        var roots = new List<string>();
        if (Environment.GetEnvironmentVariable("RECSYS_DATA") is { Length: > 0 } named) roots.Add(named);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            roots.Add(Path.Combine(folder.FullName, "shared", "data"));
        foreach (var root in roots)
        {
            var folder = Path.Combine(root, name);
            if (Directory.Exists(folder)) return folder;
        }
        Console.WriteLine($"skipped: the data set {name} is not here; set RECSYS_DATA to a folder that holds it");
        return null;
    }
}

/// <summary>One measured piece of work.</summary>
/// <param name="Name">A row of the table.</param>
/// <param name="Target">The least (peer's time / our time) that is asked for.</param>
/// <param name="Arguments">Sent to the peer's prepare(case) as a dictionary.</param>
/// <param name="Prepare">Loads what both measure over and returns our work; what that returns is compared with the peer's answer (NaN: not
/// compared).</param>
internal sealed record ComparisonCase(string Name, double Target, JsonObject Arguments, Func<Func<double>> Prepare)
{
    /// <summary>Calls in one timed run; raise it for work of microseconds.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>Rounds before the timed ones; 0 for work so long that its first calls do not count.</summary>
    public int WarmUps { get; init; } = 2;

    /// <summary>Whether one call takes minutes: then it is measured with --long, instead of the short cases, and without warm-up.</summary>
    public bool IsLong { get; init; }

    /// <summary>Largest relative difference of the two answers.</summary>
    public double Tolerance { get; init; } = 1e-3;
}

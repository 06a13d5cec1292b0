using System.Diagnostics;
using System.Globalization;

namespace Recsys.Quality;

/// <summary>What one training came to: a model on a set, from one seed.</summary>
/// <param name="Set">Name of the set.</param>
/// <param name="Model">Name of the model, with its recipe.</param>
/// <param name="Seed">Of weights, order and dropout.</param>
/// <param name="Epoch">The epoch whose weights were kept, from 1.</param>
/// <param name="Validation">The validation metric at it.</param>
/// <param name="Auc">Of the test part.</param>
/// <param name="LogLoss">Of the test part; NaN where scores are no probabilities.</param>
/// <param name="WithinUsers">The AUC of the test part within users; NaN where there are none.</param>
internal sealed record Cell(
    string Set, string Model, int Seed, int Epoch, double Validation, double Auc, double LogLoss, double WithinUsers = double.NaN)
{
    /// <summary>Of training and scoring.</summary>
    public double Seconds { get; init; }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Set}, {Model}, seed {Seed}: epoch {Epoch}, validation {Validation:0.00000}, test AUC {Auc:0.00000}, LogLoss {LogLoss:0.00000}")
        + FormattableString.Invariant($", {Seconds:0} s");
}

/// <summary>
/// The cells of a large table, measured in as many runs as it takes. <c>RECSYS_MODELS</c> and <c>RECSYS_SETS</c> name those that are wanted
/// (names between semicolons; none for all), <c>RECSYS_SEEDS</c> says from how many seeds (3); <c>RECSYS_CELLS</c> names a file that keeps
/// what was measured, so that the next run goes on from there; <c>RECSYS_SECONDS</c> is the time after which no further cell is begun.
/// </summary>
internal sealed class Cells
{
    private readonly List<Cell> _cells = [];
    private readonly string? _file = Text("RECSYS_CELLS");
    private readonly string[] _models = Names("RECSYS_MODELS");
    private readonly string[] _sets = Names("RECSYS_SETS");
    private readonly double _limit = double.Parse(Text("RECSYS_SECONDS") ?? "Infinity", CultureInfo.InvariantCulture);
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public Cells()
    {
        if (!File.Exists(_file)) return;
        foreach (var line in File.ReadLines(_file))
        {
            var parts = line.Split('\t');
            if (parts.Length != 9) throw new InvalidDataException($"{_file}: '{line}' is not a cell; delete the line or the file.");
            _cells.Add(new Cell(parts[0], parts[1], (int)Number(parts[2]), (int)Number(parts[3]), Number(parts[4]), Number(parts[5]),
                Number(parts[6]), Number(parts[7]))
            { Seconds = Number(parts[8]) });
        }
    }

    public int Seeds { get; } = int.Parse(Text("RECSYS_SEEDS") ?? "3", CultureInfo.InvariantCulture);

    /// <summary>Whether a set is wanted.</summary>
    public bool Wants(string set) => Wanted(_sets, set);

    /// <summary>The cell of each seed: kept ones, and new ones while there is time.</summary>
    /// <param name="set">Name of the set.</param>
    /// <param name="model">Name of the model, with its recipe.</param>
    /// <param name="measure">Trains and measures from a seed.</param>
    /// <param name="seeds">How many; null for <see cref="Seeds"/>.</param>
    /// <param name="known">By what name the model is asked for; null for <paramref name="model"/>.</param>
    public List<Cell> Of(string set, string model, Func<int, Cell> measure, int? seeds = null, string? known = null)
    {
        var result = new List<Cell>();
        for (var seed = 1; seed <= (seeds ?? Seeds); seed++)
        {
            var cell = _cells.Find(c => c.Set == set && c.Model == model && c.Seed == seed);
            if (cell is null && Wanted(_models, known ?? model) && _clock.Elapsed.TotalSeconds < _limit)
            {
                var begun = _clock.Elapsed;
                cell = measure(seed);
                cell = cell with { Seconds = (_clock.Elapsed - begun).TotalSeconds };
                Keep(cell);
                Console.WriteLine("  " + cell);
            }
            if (cell is not null) result.Add(cell);
        }
        return result;
    }

    /// <summary>Rows of a table: the means over the seeds that were measured.</summary>
    public static void Add(ResultTable table, string what, List<Cell> cells, string? published = null, double? atLeast = null)
    {
        if (cells.Count == 0) return;
        var name = $"{what}, {cells.Count} seed{(cells.Count == 1 ? "" : "s")}";
        Row("test AUC", cells.ConvertAll(cell => cell.Auc), published, atLeast);
        Row("test LogLoss", cells.ConvertAll(cell => cell.LogLoss), null, null);
        Row("test AUC within users", cells.ConvertAll(cell => cell.WithinUsers), null, null);

        void Row(string metric, List<double> values, string? other, double? least)
        {
            if (!values.TrueForAll(double.IsNaN)) table.Add(name, metric, values.Average(), (values.Min(), values.Max()), other, least);
        }
    }

    private void Keep(Cell cell)
    {
        _cells.Add(cell);
        if (_file is null) return;
        File.AppendAllText(_file, string.Join('\t', cell.Set, cell.Model, cell.Seed, cell.Epoch, Text(cell.Validation), Text(cell.Auc),
            Text(cell.LogLoss), Text(cell.WithinUsers), Text(Math.Round(cell.Seconds, 1))) + "\n");

        static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
    }

    /// <summary>Whether an environment variable names it, between semicolons, or is not set.</summary>
    public static bool IsNamed(string variable, string name) => Wanted(Names(variable), name);

    private static bool Wanted(string[] names, string name)
        => names.Length == 0 || Array.Exists(names, n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase));

    private static string? Text(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? text : null;

    private static string[] Names(string variable)
        => Text(variable)?.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.IO.Compression;
using Recsys.Evaluation;
using Recsys.Rank;

namespace Recsys.Quality.Suites;

internal sealed class GbdtSuite : Suite
{
    private static readonly int[] Depths = [1, 3, 5];

    private const int Seeds = 20;

    public override string Name => "gbdt";

    public override string Question => "The samples that LightGBM ships, with the options it ships for them: as good as LightGBM?";

    public override bool Run(DataFolders data)
    {
        var kept = true;
        if (data.Find("lightgbm-binary") is { } binary) kept &= Clicks(binary);
        if (data.Find("lightgbm-lambdarank") is { } ranking) kept &= Ranking(ranking);
        return kept;
    }

    // LightGBM 4.6.0.99 (bae0b7b) with its own examples/*/train.conf, seeds 1 to 50, without the file of weights.
    private static bool Clicks(string folder)
    {
        var (x, y) = Tabs(Path.Combine(folder, "binary.train.gz"));
        var (testX, testY) = Tabs(Path.Combine(folder, "binary.test"));
        var columns = x.Length / y.Length;
        var options = new GbdtOptions
        {
            Trees = 100,
            LearningRate = 0.1,
            MaxLeaves = 63,
            ColumnSample = 0.8,
            RowSample = 0.8,
            MinLeafRows = 50,
            MinChildWeight = 5,
            L2 = 0,
        };
        var table = new ResultTable($"binary: {y.Length} training rows, {testY.Length} test rows, 100 trees of 63 leaves");
        var auc = Repeated(seed =>
        {
            var scores = new float[testY.Length];
            Gbdt.Train(x, columns, y, options: options with { Seed = seed }).Predict(testX, scores);
            return [AucMetrics.Auc(scores, testY)];
        })[0];
        table.Add("logistic", "AUC", auc.Mean, auc.Interval, "0.8266, deviation 0.0077 (LightGBM)", 0.8266 - auc.Noise(0.0077));
        table.Print();
        return table.Kept;
    }

    private static bool Ranking(string folder)
    {
        var train = Svm(folder, "rank.train");
        var test = Svm(folder, "rank.test");
        var options = new GbdtOptions
        {
            Objective = GbdtObjective.LambdaMart(),
            Trees = 100,
            LearningRate = 0.1,
            MaxLeaves = 31,
            RowSample = 0.9,
            MinLeafRows = 50,
            MinChildWeight = 5,
            L2 = 0,
        };
        var table = new ResultTable(
            $"lambdarank: {train.Groups!.Length} training queries, {test.Groups!.Length} test queries, 100 trees of 31 leaves");
        foreach (var (name, objective, published) in new (string, GbdtObjective, double[]?)[]
        {
            ("LambdaMART", options.Objective, [0.6079, 0.6352, 0.6776]),
            ("RankNet", GbdtObjective.RankNet(), null),
        })
        {
            var found = Repeated(seed =>
            {
                var scores = new float[test.Labels.Length];
                Gbdt.Train(train, options with { Objective = objective, Seed = seed }).Predict(test.X, scores);
                return [.. Depths.Select(k => 1 - GbdtLosses.Ndcg(test.Groups!, k).Measure(scores, test.Labels))];
            });
            double[] deviations = [0.0348, 0.0212, 0.0201];
            for (var i = 0; i < 3; i++)
                table.Add(name, $"NDCG@{(2 * i) + 1}", found[i].Mean, found[i].Interval,
                    published is null ? null : $"{published[i]:0.0000}, deviation {deviations[i]:0.0000} (LightGBM)",
                    published is null ? null : published[i] - found[i].Noise(deviations[i]));
        }
        table.Print();
        return table.Kept;
    }

    private static Sample[] Repeated(Func<ulong, double[]> run)
    {
        var runs = Enumerable.Range(1, Seeds).Select(seed => run((ulong)seed)).ToArray();
        return [.. Enumerable.Range(0, runs[0].Length).Select(i => new Sample([.. runs.Select(r => r[i])]))];
    }

    private static StreamReader Open(string path)
        => new(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.OpenRead(path), CompressionMode.Decompress)
            : File.OpenRead(path));

    private static (float[] X, float[] Y) Tabs(string path)
    {
        var (x, y) = (new List<float>(), new List<float>());
        using var reader = Open(path);
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            var cells = line.Split('\t').Select(cell => float.Parse(cell, CultureInfo.InvariantCulture)).ToArray();
            y.Add(cells[0]);
            x.AddRange(cells.AsSpan(1));
        }
        return ([.. x], [.. y]);
    }

    private static GbdtRows Svm(string folder, string name)
    {
        const int Columns = 301;
        var (x, y) = (new List<float>(), new List<float>());
        var path = Path.Combine(folder, name);
        using var reader = Open(File.Exists(path) ? path : path + ".gz");
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            var cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            y.Add(float.Parse(cells[0], CultureInfo.InvariantCulture));
            var row = new float[Columns];
            foreach (var cell in cells.AsSpan(1))
            {
                var colon = cell.IndexOf(':', StringComparison.Ordinal);
                row[int.Parse(cell.AsSpan(0, colon), CultureInfo.InvariantCulture)] =
                    float.Parse(cell.AsSpan(colon + 1), CultureInfo.InvariantCulture);
            }
            x.AddRange(row);
        }
        var sizes = File.ReadAllLines(path + ".query").Where(line => line.Length > 0)
            .Select(line => int.Parse(line, CultureInfo.InvariantCulture));
        return new GbdtRows([.. x], Columns, [.. y]) { Groups = [.. sizes] };
    }

    /// <summary>One figure by seed.</summary>
    private sealed record Sample(double[] Values)
    {
        public double Mean => Values.Average();

        private double Error => Math.Sqrt(Values.Sum(v => (v - Mean) * (v - Mean)) / (Values.Length - 1) / Values.Length);

        public (double Low, double High) Interval => (Mean - (1.96 * Error), Mean + (1.96 * Error));

        /// <summary>Two standard errors of the difference to a mean of 50 seeds with that deviation.</summary>
        public double Noise(double deviation) => 2 * Math.Sqrt((Error * Error) + (deviation * deviation / 50));
    }
}

using System.Diagnostics;
using Recsys.Benchmarks.Comparisons;
using Recsys.Features;
using Recsys.Nn;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Benchmarks;

/// <summary>
/// engine: what an op costs to record, how a training step grows with the vocabulary and with threads, how far it is from the limits of the
/// machine, and how long one request takes at the median and at the 99th percentile.
/// </summary>
internal static class EngineReport
{
    private const int Batch = 4096, Fields = 26, Numbers = 13, Dimension = 16;
    private static readonly int[] Hidden = [256, 128, 64];

    public static int Run()
    {
        Record();
        foreach (var rows in new[] { 100_000, 1_000_000, 10_000_000 }) Step(rows / Fields, 1);
        Step(100_000, 1);
        Step(100_000, 2);
        Limits();
        Request();
        return 0;
    }

    private static void Record()
    {
        const int Ops = 1000;
        var tape = new Tape(TapeMode.Train);
        var one = ParameterScope.Initialise(1).Parameter("x", Initializer.Ones, 1);
        var seconds = Median(5000, () =>
        {
            var x = tape.Use(one);
            for (var i = 0; i < Ops; i++) x = 1.0001f * x;
            tape.Reset();
        });
        Console.WriteLine($"one op of one number, computed and recorded: {seconds / Ops * 1e9:F0} ns");
    }

    private static void Step(int cardinality, int threads)
    {
        var (features, examples) = CtrData.Make(Batch * 5, Fields, cardinality, Numbers);
        var model = Model(features, threads);
        var trainer = DeepFm.TrainerOf(model, features, examples);
        var epoch = 0;
        trainer.RunEpoch(epoch++, default);
        var seconds = Median(15, () => trainer.RunEpoch(epoch++, default)) / 5;
        Console.WriteLine($"DeepFM step of {Batch}, {threads} thread(s), table of {model.Parameters.Tables[1].Rows:N0} rows: "
            + $"{seconds * 1e3:F1} ms, {Batch / seconds:N0} examples/s");
    }

    // What the matrix products of a step alone take, at the rate that this machine reaches on the largest of them.
    private static void Limits()
    {
        var width = (Fields + Numbers) * Dimension;
        var (a, b, c) = (new float[Batch * width], new float[width * Hidden[0]], new float[Batch * Hidden[0]]);
        var seconds = Median(15, () => Gemm.Multiply(Batch, Hidden[0], width, a, b, c));
        var rate = 2.0 * Batch * width * Hidden[0] / seconds;
        var operations = 0.0;
        var inputs = Fields * Dimension + Numbers;   // a number is one input, however long its vector
        foreach (var outputs in (int[])[.. Hidden, 1])
        {
            operations += 3 * 2.0 * Batch * inputs * outputs;
            inputs = outputs;
        }
        // Each looked-up row is read, its gradient written and summed, and the row, m and v of each touched row read and written.
        var bytes = Batch * (double)Fields * Dimension * sizeof(float) * (1 + 3 + 6);
        var large = new float[1 << 26];
        var copy = Median(5, () => large.AsSpan(0, large.Length / 2).CopyTo(large.AsSpan(large.Length / 2)));
        var memory = (double)large.Length * sizeof(float) / copy;
        Console.WriteLine($"products of a step: {operations / 1e9:F2} GFLOP at {rate / 1e9:F0} GFLOP/s a thread: {operations / rate * 1e3:F1} ms; "
            + $"rows of tables: at most {bytes / 1e6:F0} MB at {memory / 1e9:F1} GB/s: {bytes / memory * 1e3:F1} ms");
    }

    private static void Request()
    {
        var features = CtrData.MakeRequests(10_000, Fields, 10, 100_000, Numbers, 6);
        var model = Model(features, 1);
        var batch = features.CreateBatch(500);
        var scores = new float[500];
        var items = new int[500];
        var times = new double[2000];
        for (var i = 0; i < times.Length; i++)
        {
            for (var k = 0; k < items.Length; k++) items[k] = (i * 31 + k * 17) % 10_000;
            var start = Stopwatch.GetTimestamp();
            features.Assemble(0, items, batch);
            model.Score(batch, scores);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
        var warm = times.AsSpan(500);
        warm.Sort();
        Console.WriteLine($"one request of 500 candidates of one user, 10 of 26 categories and 6 of 13 numbers theirs, warm: median {warm[warm.Length / 2]:F0} µs, p99 {warm[warm.Length * 99 / 100]:F0} µs");
    }

    private static DeepFm Model(FeatureSet features, int threads) => DeepFm.Create(ParameterScope.Initialise(1), features.Schema,
        new DeepFmOptions { Dimension = Dimension, Hidden = Hidden, Training = new() { BatchSize = Batch, Threads = threads } });

    private static double Median(int runs, Action work)
    {
        work();
        var times = new double[runs];
        for (var i = 0; i < runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            work();
            times[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(times);
        return times[runs / 2];
    }
}

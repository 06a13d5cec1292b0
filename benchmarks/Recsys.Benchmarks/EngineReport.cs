using System.Diagnostics;
using Recsys.Benchmarks.Comparisons;
using Recsys.Features;
using Recsys.Nn;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Benchmarks;

/// <summary>
/// engine: what an op costs to record, how a training step grows with the vocabulary and with threads, how far it is from the limits of the
/// machine, and how long scoring and one request take, the latter at the median and at the 99th percentile.
/// </summary>
internal static class EngineReport
{
    private const int Batch = 4096, Candidates = 500, Fields = 26, ItemFields = 10, Numbers = 13, Dimension = 16;
    private static readonly int[] Hidden = [256, 128, 64];

    public static int Run()
    {
        Record();
        foreach (var rows in new[] { 100_000, 1_000_000, 10_000_000 }) Step(rows / Fields, 1);
        Step(100_000, 1);
        Step(100_000, 2);
        Score(1);
        Score(2);
        Request(kept: false);
        Request(kept: true);
        Limits();
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

    // What the matrix products alone take, at the rate that this machine reaches on the largest of them.
    private static void Limits()
    {
        var width = (Fields + Numbers) * Dimension;
        var (a, b, c) = (new float[Batch * width], new float[width * Hidden[0]], new float[Batch * Hidden[0]]);
        var seconds = Median(15, () => Gemm.Multiply(Batch, Hidden[0], width, a, b, c));
        var rate = 2.0 * Batch * width * Hidden[0] / seconds;
        // Each looked-up row is read, its gradient written and summed, and the row, m and v of each touched row read and written.
        var bytes = Batch * (double)Fields * Dimension * sizeof(float) * (1 + 3 + 6);
        var large = new float[1 << 26];
        var copy = Median(5, () => large.AsSpan(0, large.Length / 2).CopyTo(large.AsSpan(large.Length / 2)));
        var memory = (double)large.Length * sizeof(float) / copy;
        // A number is one input, however long its vector.
        var example = Operations(Fields * Dimension + Numbers);
        Console.WriteLine($"products reach {rate / 1e9:F0} GFLOP/s a thread; memory is copied at {memory / 1e9:F1} GB/s");
        Report($"a step of {Batch}", 3 * Batch * example);
        Console.WriteLine($"  and rows of tables, at most {bytes / 1e6:F0} MB: {bytes / memory * 1e3:F1} ms");
        Report($"scoring {Batch}", Batch * example);
        Report($"a request of {Candidates}", Candidates * Operations(ItemFields * Dimension + Numbers));
        Report("the same, items kept", Candidates * Operations(0));

        void Report(string work, double operations)
            => Console.WriteLine($"products of {work}: {operations / 1e9:F3} GFLOP, {operations / rate * 1e3:F2} ms");
    }

    // Of one example through the hidden layers and the output.
    private static double Operations(int inputs)
    {
        var operations = 0.0;
        foreach (var outputs in (int[])[.. Hidden, 1])
        {
            operations += 2.0 * inputs * outputs;
            inputs = outputs;
        }
        return operations;
    }

    private static void Score(int threads)
    {
        var (features, examples) = CtrData.Make(Batch * 20, Fields, 100_000, Numbers);
        var model = Model(features, 1);
        var batch = features.CreateBatch(Batch);
        var scores = new float[Batch];
        var seconds = Median(9, () =>
        {
            for (var start = 0; start < examples.Count; start += Batch)
            {
                features.Assemble(examples, start, Batch, batch);
                model.Score(batch, scores, threads);
            }
        }) / 20;
        Console.WriteLine($"DeepFM scoring {Batch}, {threads} thread(s): {seconds * 1e3:F1} ms, {Batch / seconds:N0} examples/s");
    }

    private static void Request(bool kept)
    {
        var features = CtrData.MakeRequests(10_000, Fields, ItemFields, 100_000, Numbers, 6);
        var model = Model(features, 1);
        if (kept) model = model.Freeze(features);
        var batch = features.CreateBatch(Candidates);
        var scores = new float[Candidates];
        var items = new int[Candidates];
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
        Console.WriteLine($"one request of {Candidates} candidates of one user, {ItemFields} of {Fields} categories and 6 of {Numbers} numbers theirs, "
            + $"warm{(kept ? ", items kept" : "")}: median {warm[warm.Length / 2]:F0} µs, p99 {warm[warm.Length * 99 / 100]:F0} µs");
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

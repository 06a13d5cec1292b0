using BenchmarkDotNet.Attributes;
using Recsys.Recall;

namespace Recsys.Benchmarks.Training;

/// <summary>Training of the recall models on about 0.7 million interactions.</summary>
public class RecallTraining
{
    [Params(1, 2)]
    public int Threads { get; set; }

    [Benchmark]
    public ItemCf ItemCfCosine() => ItemCf.Train(RecallData.Log, new ItemCfOptions { InverseFrequency = false, Threads = Threads });

    [Benchmark]
    public ItemCf ItemCfShrunk() => ItemCf.Train(RecallData.Log, new ItemCfOptions { Shrinkage = 10, Threads = Threads });

    [Benchmark]
    public UserCf UserCfCosine() => UserCf.Train(RecallData.Log, new UserCfOptions { Threads = Threads });

    [Benchmark]
    public Lfm LfmOneEpoch() => Lfm.Train(RecallData.Log, new LfmOptions { Epochs = 1, Threads = Threads });

    [Benchmark]
    public Als AlsOneIteration() => Als.Train(RecallData.Log, new AlsOptions { Iterations = 1, Threads = Threads });

    [Benchmark]
    public Als AlsOneExactIteration()
        => Als.Train(RecallData.Log, new AlsOptions { Iterations = 1, Solver = AlsSolver.Cholesky, Threads = Threads });

    [Benchmark]
    public Bpr BprOneEpoch() => Bpr.Train(RecallData.Log, new BprOptions { Epochs = 1, Threads = Threads });

    [Benchmark]
    public Warp WarpOneEpoch() => Warp.Train(RecallData.Log, new WarpOptions { Epochs = 1, Threads = Threads });

    [Benchmark]
    public Popularity PopularityCount() => Popularity.Train(RecallData.Log);
}

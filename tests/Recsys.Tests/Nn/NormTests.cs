using Recsys.Nn;
using Recsys.Numerics;

namespace Recsys.Tests.Nn;

/// <summary>What norms and dropout do over many steps.</summary>
public sealed class NormTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Running_statistics_are_moved_by_each_shard_and_averaged(int shards)
    {
        const int Rows = 12, N = 5;
        var scope = ParameterScope.Initialise(4);
        var input = scope.Parameter("x", Initializer.Normal(1), Rows, N);
        var norm = new BatchNorm(scope.Scope("norm"), N, momentum: 0.25f);
        var (mean, variance) = (Named(scope, "norm.mean"), Named(scope, "norm.variance"));
        var work = Enumerable.Range(0, shards).Select(_ => (TrainingShard)new Rows_(input, norm)).ToArray();
        var states = new OptimizerStates(scope.Parameters, new Adam { LearningRate = 1e-9f });
        var step = new TrainingStep(scope.Parameters, states, work, 1, 2, clip: 1e-3f);
        var (running, spread) = (new double[N], Enumerable.Repeat(1.0, N).ToArray());
        int[] places = [.. Enumerable.Range(0, Rows)];
        for (var t = 0; t < 3; t++)
        {
            step.Run(places, 1);
            for (var c = 0; c < N; c++)
            {
                var (newMean, newSpread) = (0.0, 0.0);
                foreach (var part in places.Chunk(Rows / shards))
                {
                    var column = part.Select(r => (double)input.Values[r * N + c]).ToArray();
                    var average = column.Average();
                    newMean += (0.75 * running[c] + 0.25 * average) / shards;
                    newSpread += (0.75 * spread[c] + 0.25 * column.Sum(v => (v - average) * (v - average)) / (column.Length - 1)) / shards;
                }
                (running[c], spread[c]) = (newMean, newSpread);
                Assert.Equal(running[c], mean.Values[c], 1e-5);
                Assert.Equal(spread[c], variance.Values[c], 1e-5);
            }
        }
    }

    [Fact]
    public void A_norm_used_twice_on_a_tape_moves_its_statistics_twice()
    {
        var scope = ParameterScope.Initialise(4);
        var norm = new BatchNorm(scope, 1, learned: false, momentum: 0.5f);
        var tape = new Tape(TapeMode.Train) { Sink = new ShardGradients(scope.Parameters) };
        norm.Of(tape.Constant(new Shape(2, 1), [1, 3]));
        norm.Of(tape.Constant(new Shape(2, 1), [10, 10]));
        Assert.Equal(5.5f, tape.Sink.Dense(Named(scope, "mean"), out _).Span[0]);
        Assert.Equal(0.75f, tape.Sink.Dense(Named(scope, "variance"), out _).Span[0]);
    }

    [Fact]
    public void Dropout_drops_as_often_as_asked_and_keeps_the_mean()
    {
        var tape = new Tape(TapeMode.Train);
        foreach (var probability in (float[])[0.1f, 0.5f, 0.9f])
        {
            var y = tape.Constant(new Shape(100_003), [.. Enumerable.Repeat(1f, 100_003)]).Dropout(probability).Values.ToArray();
            Assert.Equal(probability, y.Count(v => v == 0) / 100_003f, 0.01f);
            Assert.Equal(1, y.Average(), 0.03f);
            // Neighbours are dropped independently of one another.
            for (var lag = 1; lag < 20; lag++)
            {
                var both = Enumerable.Range(0, 100_000 - lag).Count(i => y[i] == 0 && y[i + lag] == 0);
                Assert.Equal(probability * probability, both / 1e5, 0.01);
            }
        }
    }

    [Fact]
    public void Dropout_is_off_where_nobody_trains()
    {
        foreach (var mode in (TapeMode[])[TapeMode.Serve, TapeMode.Differentiate])
        {
            var x = new Tape(mode).Constant(new Shape(3), [1, 2, 3]);
            Assert.Equal(x.Values.ToArray(), x.Dropout(0.5f).Values.ToArray());
        }
        var same = new Tape(TapeMode.Train).Constant(new Shape(3), [1, 2, 3]);
        Assert.Equal([1f, 2f, 3f], same.Dropout(0).Values.ToArray());
    }

    [Fact]
    public void Masks_differ_by_step_shard_and_place_and_are_drawn_again_alike()
    {
        float[] Mask(ulong step, ulong shard, int before)
        {
            var tape = new Tape(TapeMode.Train) { Random = new Rng(9, step).Stream(shard) };
            var ones = tape.Constant(new Shape(64), [.. Enumerable.Repeat(1f, 64)]);
            for (var i = 0; i < before; i++) ones.Dropout(0.5f);
            return ones.Dropout(0.5f).Values.ToArray();
        }
        var mask = Mask(1, 0, 0);
        Assert.Equal(mask, Mask(1, 0, 0));
        Assert.NotEqual(mask, Mask(2, 0, 0));
        Assert.NotEqual(mask, Mask(1, 1, 0));
        Assert.NotEqual(mask, Mask(1, 0, 1));
    }

    private static Parameter Named(ParameterScope scope, string name) => scope.Parameters.Dense.Single(p => p.Name == name);

    private sealed class Rows_(Parameter input, BatchNorm norm) : TrainingShard
    {
        private int[] _places = [];

        public override void Assemble(ReadOnlySpan<int> places) => _places = places.ToArray();

        public override Tensor Loss(Tape tape)
        {
            var n = input.Shape.Columns;
            var x = tape.Constant(new Shape(_places.Length, n), [.. _places.SelectMany(r => input.Values.Slice(r * n, n).ToArray())]);
            return norm.Of(x).RowSum();
        }
    }
}

using Recsys.Rank;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Rank;

public sealed class GbdtRankerTests
{
    [Fact]
    public void Batches_score_as_rows_do_and_allocate_nothing()
    {
        var (features, examples) = BoostingTreeTests.Clicks();
        var model = Gbdt.Train(features, examples, new() { Trees = 10, MinChildWeight = 0 }, validation: examples);
        var batch = features.CreateBatch(examples.Count);
        features.Assemble(examples, 0, examples.Count, batch);
        var scores = new float[examples.Count];
        model.Score(batch, scores);
        var labels = examples.Label();
        for (var i = 0; i < scores.Length; i++) Assert.Equal(labels[i] > 0.5, scores[i] > 0.5);

        var rows = new float[examples.Count * model.Layout!.ColumnCount];
        model.Layout.Fill(batch, rows);
        Assert.Contains(float.NaN, rows);
        var expected = new float[examples.Count];
        model.Predict(rows, expected);
        Assert.Equal(expected, scores);
        var before = GC.GetAllocatedBytesForCurrentThread();
        model.Score(batch, scores);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        var gains = model.Trees.GainByColumn();
        Assert.Equal("colour=g", model.Layout.NameOf(features, Array.IndexOf(gains, gains.Max())));
        Assert.Throws<InvalidOperationException>(() => Gbdt.Train([1, 2], 1, [0, 1]).Score(batch, scores));
    }

    [Fact]
    public void Its_file_is_safe()
    {
        var (x, y) = GbdtTests.Clicks(60, 3);
        ModelFileContract.Check(
            Gbdt.Train(x, 3, y, options: new() { Trees = 2, MaxLeaves = 4 }, validation: new GbdtValidation(x, y)), Scores);
        var (features, examples) = BoostingTreeTests.Clicks();
        ModelFileContract.Check(Gbdt.Train(features, examples, new() { Trees = 2, MaxLeaves = 4 }), Scores);
    }

    private static float[] Scores(Gbdt model) => GbdtTests.Predict(model, CartTests.Grid(model.Trees));
}

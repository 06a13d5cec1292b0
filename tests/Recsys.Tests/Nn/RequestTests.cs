using Recsys.Features;
using Recsys.Nn;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Tests.Nn;

/// <summary>A request multiplies what its candidates share once; the scores are those of the same rows one by one.</summary>
public sealed class RequestTests
{
    [Fact]
    public void Candidates_of_a_request_score_as_the_same_rows_of_a_training_set()
    {
        var rng = new Rng(4);
        var users = Columns.From(Enumerable.Range(0, 5)).Text("city", i => $"c{i}").Number("age", i => i * 0.3).Build();
        var items = Columns.From(Enumerable.Range(0, 40))
            .Text("brand", i => $"b{i % 7}").List("tags", i => Enumerable.Range(0, i % 3).Select(k => $"t{k + i % 4}"))
            .Number("price", i => rng.UniformDouble((ulong)i)).Build();
        foreach (var order in (string[][])[["city", "age", "brand", "tags", "price", "x"], ["brand", "city", "tags", "age", "price", "x"],
            ["brand", "tags"], ["city", "age"]])
        {
            var features = new FeatureSchema([.. order.Select(FeatureOf), Feature.Label("click")]).Fit(users, items);
            Check(features, DeepFm.Create(ParameterScope.Initialise(3), features.Schema, new DeepFmOptions { Dimension = 4, Hidden = [9, 5] }));
            Check(features, DeepFm.Create(ParameterScope.Initialise(3), features.Schema, new DeepFmOptions { Dimension = 4, Hidden = [] }));
            Check(features, Nfm.Create(ParameterScope.Initialise(3), features.Schema, new NfmOptions { Dimension = 4, Hidden = [9] }));
            Check(features, Dnn.Create(ParameterScope.Initialise(3), features.Schema, new DnnOptions { Dimension = 4, Hidden = [9, 5] }));
            Check(features, Dnn.Create(ParameterScope.Initialise(3), features.Schema, new DnnOptions { Dimension = 4, Hidden = [] }));
            Check(features, WideDeep.Create(ParameterScope.Initialise(3), features.Schema, new WideDeepOptions { Dimension = 4, Hidden = [9] }));
        }

        void Check<TSelf, TOptions>(FeatureSet features, NeuralRanker<TSelf, TOptions> model)
            where TSelf : NeuralRanker<TSelf, TOptions>, INetwork<TSelf, TOptions>
            where TOptions : class, INetworkOptions<TOptions>, new()
        {
            foreach (var parameter in model.Parameters.Dense) rng.FillNormal(7, parameter.Mutable, 0, 0.3f);
            foreach (var table in model.Parameters.Tables) rng.FillNormal(9, table.Mutable);

            int[] candidates = [.. Enumerable.Range(0, 30).Select(i => i * 11 % 40)];
            var request = features.CreateBatch(30);
            features.Assemble(2, candidates, request);
            Assert.True(request.SameUser);
            var together = new float[30];
            model.Score(request, together);

            var one = features.CreateBatch(1);
            var alone = new float[1];
            for (var i = 0; i < candidates.Length; i++)
            {
                features.Assemble(2, candidates.AsSpan(i, 1), one);
                model.Score(one, alone);
                Assert.Equal(alone[0], together[i], 1e-5);
            }
        }

        static Feature FeatureOf(string name) => name switch
        {
            "city" => Feature.Category("city", Side.User),
            "age" => Feature.Number("age", Side.User),
            "tags" => Feature.MultiCategory("tags", Side.Item),
            "price" => Feature.Number("price", Side.Item),
            "x" => Feature.Cross("x", "city", "brand"),
            _ => Feature.Category("brand", Side.Item),
        };
    }

    [Fact]
    public void Several_threads_score_a_request_bit_for_bit_as_one_does_and_allocate_nothing()
    {
        var users = Columns.From(Enumerable.Range(0, 5)).Text("city", i => $"c{i}").Number("age", i => i * 0.3).Build();
        var items = Columns.From(Enumerable.Range(0, 400)).Text("brand", i => $"b{i % 37}").Number("price", i => i * 0.01).Build();
        var features = new FeatureSchema([Feature.Category("city", Side.User), Feature.Number("age", Side.User),
            Feature.Category("brand", Side.Item), Feature.Number("price", Side.Item), Feature.Label("click")]).Fit(users, items);
        var model = DeepFm.Create(ParameterScope.Initialise(3), features.Schema, new DeepFmOptions { Dimension = 4, Hidden = [9, 5] });
        foreach (var table in model.Parameters.Tables) new Rng(1).FillNormal(9, table.Mutable);
        foreach (var count in (int[])[1, 127, 128, 201, 400, 1025])   // the last is cut for the cache
        {
            var batch = features.CreateBatch(count);
            features.Assemble(2, [.. Enumerable.Range(0, count).Select(i => i * 7 % 400)], batch);
            var (one, several) = (new float[count], new float[count]);
            var whole = new float[count];
            Elementwise.Sigmoid(model.LogitOf(new Tape(), batch).Values, whole);
            model.Score(batch, one);
            Assert.Equal(whole, one);
            foreach (var threads in (int[])[1, 2, 5])
            {
                several.AsSpan().Clear();
                model.Score(batch, several, threads);
                Assert.Equal(one, several);
                Allocations.AssertNone(() => model.Score(batch, several, threads));
            }
        }
    }

    [Theory]
    [InlineData(TablePrecision.Half)]
    [InlineData(TablePrecision.Int8)]
    public void Packed_tables_of_long_rows_score_without_allocating(TablePrecision precision)
    {
        var items = Columns.From(Enumerable.Range(0, 40)).Text("brand", i => $"b{i % 7}").Text("colour", i => $"c{i % 5}").Build();
        var features = new FeatureSchema([Feature.Category("brand", Side.Item), Feature.Category("colour", Side.Item), Feature.Label("click")])
            .Fit(items: items);
        var model = DeepFm.Create(ParameterScope.Initialise(3), features.Schema, new DeepFmOptions { Dimension = 300, Hidden = [5] });
        var frozen = model.Freeze(precision);
        var batch = features.CreateBatch(8);
        features.Assemble(-1, [0, 1, 2, 3, 4, 5, 6, 7], batch);
        var (scores, packed) = (new float[8], new float[8]);
        model.Score(batch, scores);
        Allocations.AssertNone(() => frozen.Score(batch, packed));
        for (var i = 0; i < 8; i++) Assert.Equal(scores[i], packed[i], 1e-3);
    }
}

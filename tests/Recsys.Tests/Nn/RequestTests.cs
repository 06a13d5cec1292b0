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
            var model = DeepFm.Create(ParameterScope.Initialise(3), features.Schema, new DeepFmOptions { Dimension = 4, Hidden = [9, 5] });
            foreach (var parameter in model.Parameters.Dense) rng.FillNormal(7, parameter.Mutable);
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
}

using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Tests.Rank;

/// <summary>
/// A planted interaction: whether a user clicks depends on whether the user's tribe and the item's kind agree, and on neither alone, so
/// that no weighted sum of them can tell. Among the rest are noise, lists and numbers.
/// </summary>
internal static class ClickWorld
{
    public const int Users = 40, Items = 30;

    // Without tags nothing fitted depends on how many users and items there are.
    public static FeatureSet Features(int users = Users, int items = Items, bool tags = true) => new FeatureSchema(
        [
            Feature.Id("user", Side.User), Feature.Id("item", Side.Item), Feature.Category("tribe", Side.User),
            Feature.Category("kind", Side.Item), .. tags ? [Feature.MultiCategory("tags", Side.Item)] : Array.Empty<Feature>(),
            Feature.Number("price", Side.Item), Feature.Label("click"),
        ])
        .Fit(
            Columns.From(Enumerable.Range(0, users)).Text("tribe", user => user % 2 == 0 ? "even" : "odd").InIdOrder(),
            Columns.From(Enumerable.Range(0, items))
                .Text("kind", item => item % 2 == 0 ? "even" : "odd")
                .List("tags", item => Enumerable.Range(0, item % 4).Select(t => $"tag-{(item + 3 * t) % 7}"))
                .Number("price", item => item % 5 - 2)
                .InIdOrder());

    public static Examples Examples(FeatureSet features, int count = 1500, ulong seed = 1, float[]? weights = null)
    {
        var rng = new Rng(seed);
        var (users, items, labels) = (new int[count], new int[count], new float[count]);
        for (var i = 0; i < count; i++)
        {
            users[i] = rng.Stream(1).Below((ulong)i, Users);
            items[i] = rng.Stream(2).Below((ulong)i, Items);
            var agrees = (users[i] + items[i]) % 2 == 0;
            labels[i] = rng.Stream(3).Uniform((ulong)i) < (agrees ? 0.95f : 0.05f) ? 1 : 0;
        }
        return features.Examples(new ExampleData { Users = users, Items = items, Labels = [labels], Weights = weights });
    }

    public static float[] Scores(IRanker model, FeatureSet features, Examples examples)
    {
        var batch = features.CreateBatch(examples.Count);
        features.Assemble(examples, 0, examples.Count, batch);
        var scores = new float[examples.Count];
        model.Score(batch, scores);
        return scores;
    }
}

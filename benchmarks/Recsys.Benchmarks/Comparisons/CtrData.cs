using System.Globalization;
using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>Clicks drawn at random: categories whose codes follow a Zipf law, and numbers. The peers draw the like.</summary>
internal static class CtrData
{
    public static (FeatureSet Features, Examples Examples) Make(int examples, int categories, int cardinality, int numbers)
    {
        var rng = new Rng(7);
        // The code of rank r is r · step mod cardinality: frequent codes lie apart, as those of a hash do.
        var step = 7919;
        var declared = new List<Feature>();
        for (var f = 0; f < categories; f++) declared.Add(Feature.Hash($"c{f}", Side.Context, cardinality));
        for (var f = 0; f < numbers; f++) declared.Add(Feature.Number($"n{f}", Side.Context));
        declared.Add(Feature.Label("click"));
        var builder = Columns.From(Enumerable.Range(0, examples));
        for (var f = 0; f < categories; f++)
        {
            var stream = rng.Stream((ulong)f + 1);
            builder.Text($"c{f}", i => Code(stream.UniformDouble((ulong)i)).ToString(CultureInfo.InvariantCulture));
        }
        for (var f = 0; f < numbers; f++)
        {
            var stream = rng.Stream((ulong)(1000 + f));
            builder.Number($"n{f}", i => stream.UniformDouble((ulong)i));
        }
        builder.Number("click", i => rng.Uniform((ulong)i) < 0.3f ? 1 : 0);
        Columns table = builder.Build();
        var features = new FeatureSchema([.. declared]).Fit(contexts: table);
        return (features, features.Examples(table));

        long Code(double u) => (long)Math.Pow(cardinality, u) * step % cardinality;
    }

    /// <summary>One user with context features and some items: categories and numbers of both, the last ones being those of the items.</summary>
    public static FeatureSet MakeRequests(int items, int categories, int itemCategories, int cardinality, int numbers, int itemNumbers)
    {
        var rng = new Rng(8);
        var declared = new List<Feature>();
        var users = Columns.From(Enumerable.Range(0, 1));
        var things = Columns.From(Enumerable.Range(0, items));
        for (var f = 0; f < categories; f++)
        {
            var (side, table) = f < categories - itemCategories ? (Side.User, users) : (Side.Item, things);
            var stream = rng.Stream((ulong)f);
            declared.Add(Feature.Hash($"c{f}", side, cardinality));
            table.Text($"c{f}", i => stream.Below((ulong)i, cardinality).ToString(CultureInfo.InvariantCulture));
        }
        for (var f = 0; f < numbers; f++)
        {
            var (side, table) = f < numbers - itemNumbers ? (Side.User, users) : (Side.Item, things);
            var stream = rng.Stream((ulong)(1000 + f));
            declared.Add(Feature.Number($"n{f}", side));
            table.Number($"n{f}", i => stream.UniformDouble((ulong)i));
        }
        declared.Add(Feature.Label("click"));
        return new FeatureSchema([.. declared]).Fit(users: users.Build(), items: things.Build());
    }
}

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
}

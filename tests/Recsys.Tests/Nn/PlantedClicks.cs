using System.Globalization;
using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Tests.Nn;

/// <summary>
/// Clicks on two categories of 12 codes and a number, whose probability depends on the pair of codes and not on either alone: nothing for a
/// model without interactions to learn.
/// </summary>
internal sealed class PlantedClicks
{
    public PlantedClicks(int count, ulong seed = 3)
    {
        var rng = new Rng(seed);
        var table = Columns.From(Enumerable.Range(0, count))
            .Text("a", i => Code(rng, i, 0))
            .Text("b", i => Code(rng, i, 1))
            .List("tags", i => Enumerable.Range(0, rng.Below((ulong)(8 * i + 5), 4)).Select(k => $"t{rng.Below((ulong)(8 * i + k + 5), 6)}"))
            .Number("price", i => rng.UniformDouble((ulong)(8 * i + 2)))
            .Number("click", i => Click(rng, i))
            .Build();
        Features = new FeatureSchema(
            Feature.Category("a", Side.Context), Feature.Category("b", Side.Context),
            Feature.MultiCategory("tags", Side.Context), Feature.Number("price", Side.Context), Feature.Label("click")).Fit(contexts: table);
        Examples = Features.Examples(table);
    }

    public FeatureSet Features { get; }

    public Examples Examples { get; }

    private static string Code(Rng rng, int i, int column)
        => rng.Below((ulong)(8 * i + column), 12).ToString(CultureInfo.InvariantCulture);

    private static double Click(Rng rng, int i)
    {
        var alike = (rng.Below((ulong)(8 * i), 12) + rng.Below((ulong)(8 * i + 1), 12)) % 2 == 0;
        return rng.UniformDouble((ulong)(8 * i + 3)) < (alike ? 0.9 : 0.1) ? 1 : 0;
    }
}

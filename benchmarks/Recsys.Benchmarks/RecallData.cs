using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Benchmarks;

/// <summary>A log of the size of ml-1m, made by a formula: 6,000 users, 3,700 items, skewed popularity.</summary>
internal static class RecallData
{
    public static Interactions Log { get; } = Make();

    private static Interactions Make()
    {
        var rng = new Rng(1);
        var builder = new InteractionsBuilder();
        for (var user = 0; user < 6_000; user++)
        {
            var count = 20 + (int)(300 * Math.Pow(rng.Stream(0).UniformDouble((ulong)user), 2));
            for (var k = 0; k < count; k++)
            {
                var at = (ulong)user * 1_000 + (ulong)k;
                var item = (int)(3_700 * Math.Pow(rng.Stream(1).UniformDouble(at), 2));
                builder.Add(user, item, 1 + rng.Stream(2).Below(at, 5), 1_000_000 + k);
            }
        }
        return builder.Build();
    }
}

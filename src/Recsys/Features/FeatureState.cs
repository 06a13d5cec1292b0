using Recsys.Data;

namespace Recsys.Features;

/// <summary>What was fitted for one feature; only the members of its kind are set.</summary>
internal sealed record FeatureState
{
    public Vocabulary? Vocabulary { get; init; }

    /// <summary>Code of each dense id that fitting saw.</summary>
    public int[]? IdCodes { get; init; }

    public double[]? Edges { get; init; }

    public double Mean { get; init; }

    /// <summary>The standard deviation; 1 for a constant.</summary>
    public double Deviation { get; init; } = 1;

    /// <summary>The bin of a number: 1, 2, …; 0 for a missing one.</summary>
    public static int Bin(double value, double[] edges, BinRule rule)
    {
        if (double.IsNaN(value)) return 0;
        var (low, high) = rule == BinRule.HalfOpen ? (0, edges.Length) : (1, Math.Max(1, edges.Length - 1));
        if (rule == BinRule.HalfOpen)
        {
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (edges[middle] <= value) low = middle + 1;
                else high = middle;
            }
            return low + 1;
        }
        // The first closed bin that holds the value is the first whose upper limit is not below it.
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (edges[middle] >= value) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    public static int BinCount(double[] edges, BinRule rule) => rule == BinRule.HalfOpen ? edges.Length + 1 : Math.Max(1, edges.Length - 1);

    /// <summary>
    /// The float that a batch holds for a number (NaN: missing); NaN where the scale does not admit it, ±∞ where a float cannot hold it.
    /// </summary>
    public float Scaled(double value, Feature feature)
    {
        if (double.IsNaN(value))
        {
            if (feature.Missing is not { } declared) return 0;
            value = declared;
        }
        return feature.Scale switch
        {
            NumberScale.Log => value < 0 ? float.NaN : (float)double.LogP1(value),
            NumberScale.LogSquared => value > 2 ? (float)(Math.Log(value) * Math.Log(value)) : (float)value,
            NumberScale.Standardised => (float)((value - Mean) / Deviation),
            _ => (float)value,
        };
    }

    public ulong Fingerprint(Feature feature, IdMap? ids)
    {
        ulong hash = 17;
        if (Vocabulary is not null) return StableHash.Combine(hash, Vocabulary.Fingerprint());
        if (Edges is not null)
            foreach (var edge in Edges) hash = StableHash.Combine(hash, BitConverter.DoubleToUInt64Bits(edge));
        if (IdCodes is not null)
            for (var id = 0; id < IdCodes.Length; id++)
                if (IdCodes[id] > 0)
                    hash = StableHash.Combine(StableHash.Combine(hash, (ulong)IdCodes[id]),
                        ids is null ? (ulong)id : StableHash.Of(ids.Name(id)));
        if (feature.Kind == FeatureKind.Number && feature.Scale == NumberScale.Standardised)
            hash = StableHash.Combine(StableHash.Combine(hash, BitConverter.DoubleToUInt64Bits(Mean)),
                BitConverter.DoubleToUInt64Bits(Deviation));
        return hash;
    }
}

using Recsys.Data;

namespace Recsys.Features;

/// <summary>
/// Values to codes: 0 = missing (and rare or unknown, unless those have code 1), then the values by falling count, ties in ordinal order.
/// </summary>
internal sealed class Vocabulary(IdMap values, bool rareCode)
{
    public IdMap Values { get; } = values;

    public bool RareCode { get; } = rareCode;

    public int Cardinality => Values.Count + First;

    private int First => RareCode ? 2 : 1;

    public static Vocabulary Fit(Dictionary<string, long> counts, int minCount, bool rareCode)
    {
        var kept = counts.Where(pair => pair.Value >= minCount).ToArray();
        Array.Sort(kept, (a, b) => a.Value != b.Value ? b.Value.CompareTo(a.Value) : string.CompareOrdinal(a.Key, b.Key));
        return new Vocabulary(IdMap.FromStrings(kept.Select(pair => pair.Key)), rareCode);
    }

    public int Code(ReadOnlySpan<char> value)
    {
        var id = Values.Find(value);
        return id >= 0 ? id + First : RareCode ? 1 : 0;
    }

    public string? Name(int code) => code >= First ? Values.Name(code - First) : code == 1 ? "(rare)" : null;

    public ulong Fingerprint()
    {
        var hash = RareCode ? 1UL : 0;
        for (var i = 0; i < Values.Count; i++) hash = StableHash.Combine(hash, StableHash.Of(Values.Name(i)));
        return hash;
    }
}

namespace Recsys.Features;

/// <summary>
/// Combines the codes of several features. Own codes: 1 + Σ (codeᵢ − 1) · Π of the sizes after i, where size = Cardinality − 1. Hashed:
/// 1 + bucket of the codes combined in order by <see cref="StableHash.Combine"/>. 0 where any part is 0.
/// </summary>
internal static class Crosses
{
    public static void Fill(FittedFeature feature, ExampleBatch batch)
    {
        if (feature.Shape == FeatureShape.Code)
        {
            var codes = batch.CodeColumns[feature.Slot].AsSpan(0, batch.Count);
            for (var part = 0; part < feature.PartArray.Length; part++)
            {
                var input = batch.CodeColumns[feature.PartArray[part].Slot];
                if (part == 0)
                {
                    for (var i = 0; i < codes.Length; i++) codes[i] = input[i];
                    continue;
                }
                if (feature.Definition.Bins > 0) continue;
                var size = Math.Max(1, feature.PartArray[part].Cardinality - 1);
                for (var i = 0; i < codes.Length; i++) codes[i] = codes[i] == 0 || input[i] == 0 ? 0 : (codes[i] - 1) * size + input[i];
            }
            if (feature.Definition.Bins > 0)
                for (var i = 0; i < codes.Length; i++) codes[i] = Hashed(feature, batch, i);
            return;
        }
        var buffer = batch.CodesColumns[feature.Slot];
        buffer.Length = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            Combine(feature, batch, i, 0, StableHash.Combine(0, 0), 0, buffer);
            buffer.Offsets[i + 1] = buffer.Length;
        }
    }

    // All combinations of one example, the last part varying fastest.
    private static void Combine(FittedFeature feature, ExampleBatch batch, int example, int part, ulong hash, int code, RaggedBuffer buffer)
    {
        if (part == feature.PartArray.Length)
        {
            buffer.Take(1)[0] = feature.Definition.Bins > 0 ? 1 + StableHash.Bucket(hash, feature.Definition.Bins) : code + 1;
            return;
        }
        var input = feature.PartArray[part];
        if (input.Shape == FeatureShape.Code)
        {
            Next(feature, batch, example, part, hash, code, batch.CodeColumns[input.Slot][example], buffer);
            return;
        }
        var list = batch.CodesColumns[input.Slot];
        for (var i = list.Offsets[example]; i < list.Offsets[example + 1]; i++)
            Next(feature, batch, example, part, hash, code, list.Values[i], buffer);
    }

    private static void Next(FittedFeature feature, ExampleBatch batch, int example, int part, ulong hash, int code, int next,
        RaggedBuffer buffer)
    {
        if (next == 0) return;
        var size = Math.Max(1, feature.PartArray[part].Cardinality - 1);
        var own = feature.Definition.Bins > 0 ? 0 : code * size + next - 1;
        Combine(feature, batch, example, part + 1, StableHash.Combine(hash, (ulong)next), own, buffer);
    }

    private static int Hashed(FittedFeature feature, ExampleBatch batch, int example)
    {
        var hash = StableHash.Combine(0, 0);
        foreach (var part in feature.PartArray)
        {
            var code = batch.CodeColumns[part.Slot][example];
            if (code == 0) return 0;
            hash = StableHash.Combine(hash, (ulong)code);
        }
        return 1 + StableHash.Bucket(hash, feature.Definition.Bins);
    }
}

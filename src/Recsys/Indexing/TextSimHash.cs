using System.Numerics;

namespace Recsys.Indexing;

// Every token t of weight w has a hash of 64 bits; bit b of the text is that of the weighted vote:
//
//   bit_b = [Σ_t w_t (2 hash_b(t) - 1) > 0]
//
// so the bits of two texts differ in about 64 θ / π places, θ the angle of their token vectors.
//
// Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002. Manku, Jain, Das Sarma, "Detecting near-duplicates for
// web crawling", WWW 2007 (near-duplicates differ in 3 bits of 64 at most).

/// <summary>
/// Fingerprints of texts that differ in few bits where the texts differ in few words; <see cref="FingerprintIndex"/> finds such texts. The
/// same on every machine. Thread-safe.
/// </summary>
public static class TextSimHash
{
    /// <summary>
    /// The fingerprint of the words of a text, each weighing as often as it occurs: runs of letters and digits, in any case. For a language
    /// that is written without spaces, give tokens instead.
    /// </summary>
    /// <param name="text">0 is the fingerprint of a text without words.</param>
    public static ulong Hash(ReadOnlySpan<char> text)
    {
        Span<double> votes = stackalloc double[64];
        votes.Clear();
        for (var start = 0; start < text.Length; start++)
        {
            var end = start;
            while (end < text.Length && char.IsLetterOrDigit(text[end])) end++;
            if (end > start) Vote(text[start..end], 1, votes);
            start = end;
        }
        return Count(votes);
    }

    /// <summary>The fingerprint of weighted tokens, as of words by TF-IDF.</summary>
    /// <param name="tokens">In any case.</param>
    /// <param name="weights">Finite, one for each token.</param>
    /// <exception cref="ArgumentException">A weight is not finite, or there is another number of them.</exception>
    public static ulong Hash(ReadOnlySpan<string> tokens, ReadOnlySpan<float> weights)
    {
        if (tokens.Length != weights.Length)
            throw new ArgumentException($"There are {weights.Length} weights for {tokens.Length} tokens.", nameof(weights));
        Span<double> votes = stackalloc double[64];
        votes.Clear();
        for (var i = 0; i < tokens.Length; i++)
        {
            if (!float.IsFinite(weights[i]))
                throw new ArgumentException($"The weight of token {i} ('{tokens[i]}') is {weights[i]}, not finite.", nameof(weights));
            Vote(tokens[i], weights[i], votes);
        }
        return Count(votes);
    }

    /// <summary>In how many bits two fingerprints differ, 0..64.</summary>
    public static int Distance(ulong a, ulong b) => BitOperations.PopCount(a ^ b);

    private static void Vote(ReadOnlySpan<char> token, double weight, Span<double> votes)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var letter in token) hash = (hash ^ char.ToLowerInvariant(letter)) * 0x100000001B3;
        // The last letters have not reached the high bits yet.
        hash = (hash ^ hash >> 32) * 0xD6E8FEB86659FD93;
        hash = (hash ^ hash >> 32) * 0xD6E8FEB86659FD93;
        hash ^= hash >> 32;
        for (var bit = 0; bit < 64; bit++) votes[bit] += (hash >> bit & 1) != 0 ? weight : -weight;
    }

    private static ulong Count(ReadOnlySpan<double> votes)
    {
        var hash = 0UL;
        for (var bit = 0; bit < 64; bit++)
            if (votes[bit] > 0) hash |= 1UL << bit;
        return hash;
    }
}

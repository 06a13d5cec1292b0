using System.Text;

namespace Recsys.Features;

/// <summary>
/// The hash of hashed features and fingerprints: the same on every machine and in every version. FNV-1a (64 bits) over the UTF-8 bytes,
/// finished with SplitMix64's mixer; a hash h goes to bucket ⌊h · buckets / 2⁶⁴⌋.
/// </summary>
public static class StableHash
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>The hash of a text. Allocates nothing.</summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[4];
        var hash = Offset;
        while (!text.IsEmpty)
        {
            // A lone surrogate decodes to U+FFFD, as in Encoding.UTF8.
            Rune.DecodeFromUtf16(text, out var rune, out var used);
            var length = rune.EncodeToUtf8(bytes);
            foreach (var b in bytes[..length]) hash = (hash ^ b) * Prime;
            text = text[used..];
        }
        return Mix(hash);
    }

    /// <summary>The hash of a sequence so far with one more number.</summary>
    public static ulong Combine(ulong hash, ulong value) => Mix(hash ^ Mix(value + 0x9E3779B97F4A7C15));

    /// <summary>The bucket of a hash, 0..buckets-1.</summary>
    /// <param name="hash">From <see cref="Of"/> or <see cref="Combine"/>.</param>
    /// <param name="buckets">At least 1.</param>
    public static int Bucket(ulong hash, int buckets)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(buckets, 1);
        return (int)Math.BigMul(hash, (ulong)buckets, out _);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

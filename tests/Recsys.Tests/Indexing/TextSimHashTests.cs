using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Tests.Indexing;

public sealed class TextSimHashTests
{
    [Fact]
    public void Case_order_and_punctuation_do_not_matter_but_counts_do()
    {
        var hash = TextSimHash.Hash("The quick brown fox, jumps: over the lazy dog");
        Assert.Equal(hash, TextSimHash.Hash("the-the lazy DOG over... jumps fox brown quick!"));
        Assert.NotEqual(hash, TextSimHash.Hash("quick brown fox jumps over the lazy dog dog dog"));
        Assert.Equal(TextSimHash.Hash("b a a"), TextSimHash.Hash(["A", "b"], [2, 1]));
        Assert.Equal(0UL, TextSimHash.Hash(" ... "));
        Assert.Equal(0UL, TextSimHash.Hash([], []));
        Assert.Equal(~TextSimHash.Hash(["word"], [1]), TextSimHash.Hash(["word"], [-1]));
    }

    [Fact]
    public void Bits_differ_as_often_as_the_angle_of_the_token_vectors_says()
    {
        var rng = new Rng(1);
        foreach (var shared in (int[])[0, 30, 60, 90, 98])
        {
            var (sum, texts) = (0.0, 200);
            for (var text = 0; text < texts; text++)
            {
                string Word(int i, ulong side) => $"w{rng.Stream(i < shared ? 9 : side).Bits((ulong)(text * 100 + i))}";
                string Words(ulong side) => string.Join(' ', Enumerable.Range(0, 100).Select(i => Word(i, side)));
                sum += TextSimHash.Distance(TextSimHash.Hash(Words(1)), TextSimHash.Hash(Words(2))) / 64.0;
            }
            // 100 words of equal weight each, so the cosine is the share of words in common.
            Assert.Equal(Math.Acos(shared / 100.0) / Math.PI, sum / texts, 0.025);
        }
    }

    [Fact]
    public void Weights_must_be_finite_and_one_for_each_token()
    {
        Assert.Contains("NaN", Assert.Throws<ArgumentException>(() => TextSimHash.Hash(["a", "b"], [1, float.NaN])).Message);
        Assert.Contains("1 weights for 2", Assert.Throws<ArgumentException>(() => TextSimHash.Hash(["a", "b"], [1])).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(15)]
    public void The_index_finds_every_fingerprint_within_the_distance(int distance)
    {
        var rng = new Rng(3);
        var stored = new ulong[3000];
        for (var i = 0; i < stored.Length; i++)
        {
            stored[i] = rng.Bits((ulong)i);
            // Every other one is a near copy of the one before.
            for (var flip = 0; i % 2 == 1 && flip < i % 20; flip++) stored[i] = (flip == 0 ? stored[i - 1] : stored[i]) ^ 1UL << rng.Below(
                (ulong)(100_000 + i * 20 + flip), 64);
        }
        stored[1] = stored[0];
        var index = FingerprintIndex.Build(stored, distance);
        Assert.Equal(distance, index.MaxDistance);
        var list = new ScoredItem[50];
        var most = 0;
        for (var q = 0; q < stored.Length; q += 7)
        {
            var expected = Enumerable.Range(0, stored.Length)
                .Select(i => new ScoredItem(i, -TextSimHash.Distance(stored[i], stored[q]))).Where(x => x.Score >= -distance && x.Item != 5)
                .OrderByDescending(x => x.Score).ThenBy(x => x.Item).ToArray();
            Assert.Equal(expected, list[..index.Search(stored[q], new ItemFilter { Exclude = [5] }, list)]);
            most = Math.Max(most, expected.Length);
        }
        Assert.True(most > 1);
        Assert.Equal(0, FingerprintIndex.Build([], distance).Search(1, default, list));
        Assert.Throws<ArgumentOutOfRangeException>(() => FingerprintIndex.Build(stored, 16));
        Allocations.AssertNone(() => index.Search(stored[0], default, list));
    }
}

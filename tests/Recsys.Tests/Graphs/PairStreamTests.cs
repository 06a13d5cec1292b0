using Recsys.Graphs;
using Recsys.Numerics;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Graphs;

public sealed class PairStreamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(0)]
    public void Pairs_are_those_of_two_plain_loops(int window)
    {
        var data = ContractData.Skewed();
        var sequences = new InteractionSequences(data, null);
        var expected = new List<TokenPair>();
        for (var user = 0; user < data.UserCount; user++)
        {
            var items = data.ItemsOf(user);
            for (var i = 0; i < items.Length; i++)
                for (var j = 0; j < items.Length; j++)
                    if (i != j && (window == 0 ? items[i] != items[j] : Math.Abs(i - j) <= window)) expected.Add(new TokenPair(items[i],
                        items[j]));
        }
        var stream = Stream(sequences, window, passes: 2);
        for (var pass = 1; pass <= 2; pass++)
        {
            Assert.True(stream.Next(2, default));
            Assert.Equal(expected, All(stream));
            Assert.Equal(pass, stream.Pass);
            Assert.Equal(pass / 2.0, stream.Done);
        }
        Assert.False(stream.Next(2, default));
    }

    [Fact]
    public void A_set_larger_than_a_group_is_cut_and_nothing_is_lost()
    {
        const int Items = 1500;
        var data = ContractData.Build(2, Items, add =>
        {
            for (var item = 0; item < Items; item++) add(0, item, 1, item);
            add(1, 3, 1, 1);
            add(1, 4, 1, 2);
        });
        var stream = Stream(new InteractionSequences(data, null), 0, passes: 1);
        var pairs = new List<TokenPair>();
        var episodes = 0;
        while (stream.Next(1, default))
        {
            pairs.AddRange(All(stream));
            episodes++;
            Assert.InRange(stream.Count, 1, 1 << 20);
        }
        Assert.True(episodes > 1);
        Assert.Equal((long)Items * (Items - 1) + 2, pairs.Count);
        Assert.Equal(pairs.Count - 2, pairs.Distinct().Count());
    }

    [Fact]
    public void Windows_shrink_evenly_and_subsampled_tokens_leave()
    {
        var data = ContractData.Build(1, 2000, add =>
        {
            for (var item = 0; item < 2000; item++) add(0, item, 1, item);
        });
        var sequences = new InteractionSequences(data, null);
        var rows = Enumerable.Range(0, 2000).ToArray();
        var shrinking = new PairStream(sequences, new PairSettings(4, true, 1, null, rows, false), new Rng(1));
        Assert.True(shrinking.Next(1, default));
        Assert.InRange(shrinking.Count, 2000 * 5 - 300, 2000 * 5 + 300); // 2 · (1 + 2 + 3 + 4) / 4 for each centre

        var keep = new float[2000];
        keep.AsSpan(0, 1000).Fill(0.25f);
        keep.AsSpan(1000).Fill(1);
        var thinned = new PairStream(sequences, new PairSettings(1, false, 1, keep, rows, true), new Rng(1));
        Assert.True(thinned.Next(1, default));
        var windows = All(thinned).Where(p => p.Centre < 0).Select(p => ~p.Centre).ToArray();
        Assert.InRange(windows.Count(c => c < 1000), 200, 300);
        Assert.Equal(1000, windows.Count(c => c >= 1000));
        Assert.Equal(windows.Order(), windows);
    }

    [Fact]
    public void Blocks_share_the_frequent_tokens_and_leave_out_the_rare()
    {
        var counts = Enumerable.Range(0, 1000).Select(token => token % 10 == 0 ? 0L : 1 + 100_000 / (token + 1)).ToArray();
        var blocks = TokenBlocks.Create(counts, 1, 8, 64);
        Assert.Equal(8, blocks.Blocks);
        Assert.Equal(900, blocks.Rows);
        var mass = new double[8];
        for (var row = 0; row < blocks.Rows; row++)
        {
            Assert.Equal(row, blocks.RowOf[blocks.TokenOf[row]]);
            Assert.InRange(row, blocks.First(blocks.BlockOf[row]), blocks.First(blocks.BlockOf[row] + 1) - 1);
            mass[blocks.BlockOf[row]] += Math.Pow(counts[blocks.TokenOf[row]], 0.75);
        }
        Assert.Equal(-1, blocks.RowOf[0]);
        Assert.True(mass.Max() < 2 * mass.Min());
        Assert.Equal(1, TokenBlocks.Create(counts, 1, 8, 1000).Blocks);
        Assert.Equal(0, TokenBlocks.Create(new long[5], 1, 8, 64).Rows);
        Assert.Equal(8, blocks.Negatives(0.75).Length);
    }

    private static PairStream Stream(InteractionSequences sequences, int window, int passes)
        => new(sequences, new PairSettings(window, false, passes, null, [.. Enumerable.Range(0, sequences.TokenCount)], false), new Rng(1));

    private static List<TokenPair> All(PairStream stream)
    {
        var pairs = new List<TokenPair>();
        for (var g = 0; g < PairStream.Groups; g++) pairs.AddRange(stream.Group(g));
        return pairs;
    }
}

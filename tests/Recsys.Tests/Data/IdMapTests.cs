using Recsys.Data;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Data;

public class IdMapTests
{
    [Fact]
    public void Numbers_ids_by_first_appearance_and_finds_them_again()
    {
        var map = IdMap.FromStrings(["b", "a", "b", "ü"]);
        Assert.Equal(3, map.Count);
        Assert.False(map.HasLongKeys);
        Assert.Equal([0, 1, 2, -1], new[] { map.Find("b"), map.Find("a"), map.Find("ü"), map.Find("c") });
        Assert.Equal("ü", map.Name(2));
        Assert.Equal(-1, map.Find(""));
    }

    [Fact]
    public void Integers_are_found_by_number_and_by_their_shortest_text()
    {
        var map = IdMap.FromLongs([5, -7, long.MinValue, long.MaxValue, 0, 5]);
        Assert.Equal(5, map.Count);
        Assert.True(map.HasLongKeys);
        Assert.Equal(1, map.Find(-7));
        Assert.Equal(1, map.Find("-7"));
        Assert.Equal(2, map.Find("-9223372036854775808"));
        Assert.Equal(3, map.Find("9223372036854775807"));
        Assert.Equal(4, map.Find("0"));
        foreach (var text in new[] { "05", "+5", " 5", "5.0", "-0", "-", "", "9223372036854775808", "99999999999999999999",
            "-9223372036854775809" })
            Assert.Equal(-1, map.Find(text));
        Assert.Equal(-7, map.Key(1));
        Assert.Equal("-7", map.Name(1));
    }

    [Fact]
    public void Text_maps_find_numbers_by_their_text()
    {
        var map = IdMap.FromStrings(["12", "x"]);
        Assert.Equal(0, map.Find(12));
        Assert.Equal(-1, map.Find(13));
        Assert.Contains("text keys; use Name", Assert.Throws<InvalidOperationException>(() => map.Key(0)).Message);
    }

    [Fact]
    public void Extending_keeps_old_numbers_and_turns_integers_into_text_where_it_must()
    {
        var map = IdMap.FromLongs([10, 20]);
        var more = map.Extend([20, 30]);
        Assert.True(more.HasLongKeys);
        Assert.Equal([0, 1, 2], new[] { more.Find(10), more.Find(20), more.Find(30) });
        Assert.Equal(2, map.Count);
        Assert.Equal(-1, map.Find(30));

        var mixed = more.Extend(["20", "x", "020"]);
        Assert.False(mixed.HasLongKeys);
        Assert.Equal([0, 1, 2, 3, 4], new[] { mixed.Find(10), mixed.Find("20"), mixed.Find(30), mixed.Find("x"), mixed.Find("020") });
        Assert.Same(mixed, mixed.Extend(["x"]));
        Assert.Equal(0, IdMap.Empty.Extend(["7"]).Find(7));
    }

    [Fact]
    public void Twenty_thousand_ids_stay_apart()
    {
        var builder = new IdMapBuilder();
        for (var i = 0; i < 20_000; i++) Assert.Equal(i, builder.Add(i * 1_000_003L));
        var longs = builder.Build();
        Assert.Equal(20_000, builder.Add("odd"));
        var text = builder.Build();
        for (var i = 0; i < 20_000; i++)
        {
            Assert.Equal(i, longs.Find(i * 1_000_003L));
            Assert.Equal(i, text.Find(i * 1_000_003L));
        }
        Assert.Equal(-1, longs.Find("odd"));
    }

    [Fact]
    public void Ids_of_ten_thousand_characters_work()
    {
        var (a, b) = (new string('x', 10_000), new string('x', 9_999) + "y");
        var map = IdMap.FromStrings([a, b]);
        Assert.Equal(0, map.Find(a));
        Assert.Equal(1, map.Find(b.AsSpan()));
    }

    [Fact]
    public void Finding_allocates_nothing()
    {
        var text = IdMap.FromStrings(["abc", "17"]);
        var longs = IdMap.FromLongs([17]);
        var found = text.Find("xabcx".AsSpan(1, 3)) + text.Find(17) + longs.Find("17".AsSpan());
        Allocations.AssertNone(() => found += text.Find("xabcx".AsSpan(1, 3)) + text.Find(17) + longs.Find("17".AsSpan()), calls: 100);
        Assert.Equal(101, found);
    }

    [Fact]
    public void Bad_ids_are_refused()
    {
        Assert.Contains("An id is empty", Assert.Throws<ArgumentException>(() => IdMap.FromStrings(["a", ""])).Message);
        Assert.Contains("An id is empty", Assert.Throws<ArgumentException>(() => IdMap.FromStrings([null!])).Message);
        Assert.Contains("half a surrogate pair", Assert.Throws<ArgumentException>(() => IdMap.FromStrings(["\ud800"])).Message);
        Assert.Contains("'x1' is not a 64-bit integer",
            Assert.Throws<FormatException>(() => new IdMapBuilder(IdKeys.Long).Add("x1")).Message);
        Assert.Contains("holds the ids 0 to 0", Assert.Throws<ArgumentOutOfRangeException>(() => IdMap.FromLongs([1]).Name(1)).Message);
        Assert.Equal(0, IdMap.FromStrings(["😀"]).Find("😀"));
    }

    [Fact]
    public void The_file_of_a_text_map_is_safe()
        => ModelFileContract.Check(IdMap.FromStrings(["b", "a", "ü😀", "12"]), Answers);

    [Fact]
    public void The_file_of_an_integer_map_is_safe()
        => ModelFileContract.Check(IdMap.FromLongs([5, -7, long.MaxValue]), Answers);

    private static float[] Answers(IdMap map)
    {
        var answers = new List<float> { map.Count, map.Find("a"), map.Find(5), map.Find("12"), map.Find("never") };
        for (var id = 0; id < map.Count; id++) answers.Add(map.Find(map.Name(id)) + map.Name(id).Length);
        return [.. answers];
    }
}

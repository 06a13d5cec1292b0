using Recsys.Data;
using Recsys.Features;

namespace Recsys.Tests.Features;

public sealed class TermVectorsTests
{
    [Fact]
    public void Lists_weigh_1_together()
    {
        var vectors = TermVectors.FromLists([["a", "b", "a"], [], ["b"]]);
        Assert.Equal(["a", "b"], vectors.Terms.ToArray());
        Assert.Equal([0.5f, 0.5f], vectors.Rows.Row(0).Values.ToArray());
        Assert.Equal(0, vectors.Rows.Row(1).Length);
        Assert.Equal([1f], vectors.Rows.Row(2).Values.ToArray());
    }

    [Fact]
    public void A_column_is_read_by_external_id()
    {
        var ids = IdMap.FromStrings(["x", "y", "z"]);
        var table = Columns.From((string[])["z", "x", "stranger"]).Text("id", s => s).Text("tags", s => s == "x" ? "p|q" : "q").Build();
        var vectors = TermVectors.FromColumn(table.KeyedBy("id"), "tags", ids, '|');
        Assert.Equal([2, 0, 1], Enumerable.Range(0, 3).Select(i => vectors.Rows.Row(i).Length));
        Assert.Equal(vectors.Terms.IndexOf("q"), vectors.Rows.Row(2).Columns[0]);
        Assert.Equal(3, TermVectors.FromColumn(table.InIdOrder(), "tags", ids, '|').Rows.RowCount);
        Assert.Throws<ArgumentException>(() => TermVectors.FromColumn(table, "tags", ids, '|'));
        Assert.Throws<ArgumentException>(() => TermVectors.FromColumn(table.InIdOrder(), "tags", IdMap.FromStrings(["x"]), '|'));
        Assert.Throws<ArgumentException>(() => TermVectors.FromColumn(table.KeyedBy("tags"), "nothing", ids, '|'));
    }

    [Fact]
    public void Words_are_runs_of_letters_and_digits_and_single_ideographs()
        => Assert.Equal(["the", "2nd", "film", "café", "推", "荐", "x1"], TermVectors.Words("The 2nd film -- Café;推荐x1"));

    [Fact]
    public void Tf_idf_by_hand()
    {
        // "a" stands in 2 of 3 texts: idf ln(4/3) + 1; "b" in 1 of 3: ln(4/2) + 1.
        var vectors = TermVectors.FromTexts(["a a b", "a", null], new TfIdfOptions { MinimumDocuments = 1, MaximumShare = 1 });
        Assert.Equal(["a", "b"], vectors.Terms.ToArray());
        var (a, b) = (2 * (Math.Log(4 / 3.0) + 1), Math.Log(2) + 1);
        var norm = Math.Sqrt(a * a + b * b);
        Assert.Equal(a / norm, vectors.Rows.Row(0).Values[0], 1e-6);
        Assert.Equal(b / norm, vectors.Rows.Row(0).Values[1], 1e-6);
        Assert.Equal([1f], vectors.Rows.Row(1).Values.ToArray());
        Assert.Equal(0, vectors.Rows.Row(2).Length);

        var logarithmic = TermVectors.FromTexts(["a a b", "a", null],
            new TfIdfOptions { MinimumDocuments = 1, MaximumShare = 1, LogarithmicFrequency = true });
        a = (1 + Math.Log(2)) * (Math.Log(4 / 3.0) + 1);
        Assert.Equal(a / Math.Sqrt(a * a + b * b), logarithmic.Rows.Row(0).Values[0], 1e-6);
    }

    [Fact]
    public void Rare_and_common_words_are_left_out()
    {
        string[] texts = ["the cat", "the dog", "the cat", "the fish"];
        Assert.Equal(["cat"], TermVectors.FromTexts(texts).Terms.ToArray());
        Assert.Equal(["the", "cat"], TermVectors.FromTexts(texts, new TfIdfOptions { MaximumShare = 1 }).Terms.ToArray());
        Assert.Equal(["cat", "dog", "fish"], TermVectors.FromTexts(texts, new TfIdfOptions { MinimumDocuments = 1 }).Terms.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => new TfIdfOptions { MinimumDocuments = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TfIdfOptions { MaximumShare = 0 });
    }
}

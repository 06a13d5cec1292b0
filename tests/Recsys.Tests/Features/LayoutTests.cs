using Recsys.Features;

namespace Recsys.Tests.Features;

public sealed class LayoutTests
{
    private static readonly FeatureSchema Schema = new(
        Feature.Category("g", Side.User), Feature.MultiCategory("tags", Side.Item),
            Feature.Number("price", Side.Item, missing: 9, indicator: true),
        Feature.Buckets("age", Side.User, [18.0, 40]), Feature.Cross("gx", "g", "age"), Feature.Label("y"), Feature.Position());

    private static (FeatureSet Set, ExampleBatch Batch) Make()
    {
        Columns users = Columns.From([("f", 20), ("m", 50), ("f", 10)]).Text("g", u => u.Item1).Number("age", u => u.Item2);
        Columns items = Columns.From([(new[] { "a", "b" }, (double?)1.5), ([], null), (["b"], 0)])
            .List("tags", i => i.Item1).Number("price", i => i.Item2);
        var set = Schema.Fit(users, items);
        var examples = set.Examples(new ExampleData { Users = [0, 1, -1], Items = [0, 1, 2], Labels = [[1, 0, 1]] });
        var batch = set.CreateBatch(3);
        set.Assemble(examples, 0, 3, batch);
        return (set, batch);
    }

    private static string Row(SparseRows rows, int row)
        => string.Join(' ', Enumerable.Range(rows.Offsets[row], rows.Offsets[row + 1] - rows.Offsets[row])
            .Select(i => $"{rows.Columns[i]}:{rows.Values[i]}@{rows.Fields[i]}"));

    [Fact]
    public void Sparse_rows_give_each_code_a_column()
    {
        var (set, batch) = Make();
        var layout = new SparseLayout(set.Schema);
        // g: 0..2, tags: 3..5 (b before a: it occurs twice), price: 6, missing: 7, age: 8..11, gx: 12..18.
        Assert.Equal(19, layout.ColumnCount);
        var rows = new SparseRows();
        layout.Fill(batch, rows);
        Assert.Equal("1:1@0 5:0.5@1 4:0.5@1 6:1.5@2 10:1@3 14:1@4", Row(rows, 0));
        Assert.Equal("2:1@0 6:9@2 7:1@2 11:1@3 18:1@4", Row(rows, 1));
        Assert.Equal("0:1@0 4:1@1 6:0@2 8:1@3 12:1@4", Row(rows, 2));
        Assert.Equal(
            ["g=(unknown)", "g=f", "g=m", "tags=(unknown)", "tags=b", "tags=a", "price", "price=(missing)", "age=(unknown)", "age=(-∞, 18)",
                "age=[18, 40)", "age=[40, ∞)"],
            Enumerable.Range(0, 12).Select(c => layout.NameOf(set, c)));
        Assert.Equal("gx=m × [40, ∞)", layout.NameOf(set, 18));
        Assert.Equal([0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4], Enumerable.Range(0, 13).Select(layout.FieldOf));
        Assert.Throws<ArgumentOutOfRangeException>(() => layout.FieldOf(19));
    }

    [Fact]
    public void Sparse_options_leave_out_what_they_say()
    {
        var (set, batch) = Make();
        var layout = new SparseLayout(set.Schema,
            new() { Features = ["tags", "price", "g"], ListWeight = ListWeight.One, UnknownColumns = false, OmitMissingNumbers = true });
        Assert.Equal(6, layout.ColumnCount);
        var rows = new SparseRows();
        layout.Fill(batch, rows);
        Assert.Equal("1:1@0 0:1@0 2:1.5@1 4:1@2", Row(rows, 0));
        Assert.Equal("3:1@1 5:1@2", Row(rows, 1));
        Assert.Equal("0:1@0 2:0@1", Row(rows, 2));
        Assert.Equal("g=f", layout.NameOf(set, 4));
        var later = set.WithItems(Columns.From([(string[])["new", "a"]]).List("tags", i => i).Number("price", _ => 2));
        later.Assemble(0, [0], batch);
        layout.Fill(batch, rows);
        Assert.Equal("1:1@0 2:2@1 4:1@2", Row(rows, 0));
        string Error(params string[] names) => Assert.Throws<ArgumentException>(() => new SparseLayout(set.Schema,
            new() { Features = names })).Message;
        Assert.Contains("'y' is a Label", Error("y"), StringComparison.Ordinal);
        Assert.Contains("'g' is named twice", Error("g", "g"), StringComparison.Ordinal);
        Assert.Contains("at least one feature", Error(), StringComparison.Ordinal);
    }

    [Fact]
    public void Dense_rows_hold_numbers_codes_and_zeros_and_ones()
    {
        var (set, batch) = Make();
        var layout = new DenseLayout(set.Schema, new() { OneHotUpTo = 3, MissingAsNaN = true });
        // g: 0..2, tags: 3..5, price: 6, age (4 codes): 7, gx (7 codes): 8.
        Assert.Equal(9, layout.ColumnCount);
        var rows = new float[27];
        layout.Fill(batch, rows);
        Assert.Equal([0, 1, 0, 0, 1, 1, 1.5f, 2, 2], rows[..9]);
        Assert.Equal([0, 0, 1, 0, 0, 0, float.NaN, 3, 6], rows[9..18]);
        Assert.Equal([1, 0, 0, 0, 1, 0, 0, 0, 0], rows[18..]);
        Assert.Equal(["g=m", "tags=(unknown)", "price", "age (code)"], new[] { 2, 3, 6, 7 }.Select(c => layout.NameOf(set, c)));
        Assert.Equal([false, false, false, true, true], Enumerable.Range(0, 5).Select(layout.HoldsCodes));
        Assert.Contains("need 27 floats, 26", Assert.Throws<ArgumentException>(() => layout.Fill(batch, new float[26])).Message,
            StringComparison.Ordinal);
        Assert.Contains("more than a float tells apart", Assert.Throws<ArgumentException>(() => new DenseLayout(
            new FeatureSchema(Feature.Hash("h", Side.User, 1 << 25)).Fit(Columns.From(["a"]).Text("h", h => h)).Schema)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void A_sparse_matrix_holds_the_rows_of_all_examples()
    {
        var world = new RandomFeatures(11);
        var examples = AssemblyTests.MakeExamples(world, 60);
        var layout = new SparseLayout(world.Set.Schema);
        var matrix = layout.ToMatrix(world.Set, examples);
        Assert.Equal((60, layout.ColumnCount), (matrix.RowCount, matrix.ColumnCount));
        var batch = world.Set.CreateBatch(60);
        world.Set.Assemble(examples, 0, 60, batch);
        var rows = new SparseRows();
        layout.Fill(batch, rows);
        for (var row = 0; row < 60; row++)
        {
            var sums = new SortedDictionary<int, float>();
            for (var i = rows.Offsets[row]; i < rows.Offsets[row + 1]; i++)
                if (rows.Values[i] != 0) sums[rows.Columns[i]] = sums.GetValueOrDefault(rows.Columns[i]) + rows.Values[i];
            Assert.Equal(sums.Keys, matrix.Row(row).Columns.ToArray());
            Assert.Equal(sums.Values, matrix.Row(row).Values.ToArray());
        }
    }
}

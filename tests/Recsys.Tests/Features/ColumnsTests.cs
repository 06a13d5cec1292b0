using System.Data;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Recsys.Data;
using Recsys.Features;

namespace Recsys.Tests.Features;

public sealed class ColumnsTests
{
    private static Columns Csv(string text, ColumnsOptions? options = null)
        => Columns.ReadCsv(new MemoryStream(Encoding.UTF8.GetBytes(text)), options);

    [Fact]
    public void A_csv_file_becomes_text_columns_with_missing_cells()
    {
        var columns = Csv("id,name,age\n1,\"Smith, J\",20\n2,,?\n\n3,Ann , 40\n", new() { Missing = ["?"], Key = "id" });
        Assert.Equal(["id", "name", "age"], columns.Names);
        Assert.Equal(3, columns.RowCount);
        Assert.Equal("Smith, J", columns.Text("name", 0));
        Assert.Null(columns.Text("name", 1));
        Assert.Null(columns.Text("age", 1));
        Assert.Equal("Ann", columns.Text("name", 2));
        Assert.Equal("id", columns.Key);
    }

    [Fact]
    public void A_file_without_header_takes_names_and_a_gzip_is_found_by_its_content()
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var gzip = new GZipStream(File.Create(path), CompressionMode.Compress)) gzip.Write("7|x\n8|y\n"u8);
            var columns = Columns.ReadCsv(path, new() { HasHeader = false, Names = ["a", "b"], Delimiter = "|" });
            Assert.Equal("y", columns.Text("b", 1));
            Assert.Equal("8", Columns.ReadCsv(path, new() { HasHeader = false, Delimiter = "|", Only = ["0"] }).Text("0", 1));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_bad_cell_of_a_number_is_named_by_line_column_and_value()
    {
        var columns = Csv("id,age\n1,20\n\n2,abc\n");
        var error = Assert.Throws<FormatException>(() => new FeatureSchema(Feature.Number("age", Side.User)).Fit(columns));
        Assert.Equal("the stream, line 4, column 'age': 'abc' is not a finite number.", error.Message);
        Assert.Contains("'NaN' is not a finite number",
            Assert.Throws<FormatException>(() => new FeatureSchema(Feature.Number("age", Side.User)).Fit(Csv("id,age\n1,NaN\n"))).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_another_width_are_an_error_or_counted()
    {
        Assert.Contains("the stream, line 3: the row has 1 fields; 2 columns are expected",
            Assert.Throws<InvalidDataException>(() => Csv("a,b\n1,2\n3\n4,5\n")).Message, StringComparison.Ordinal);
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "a,b\n1,2\n3\n4,5\n");
            var columns = Columns.ReadCsv(path, new() { BadRows = BadRows.Skip }, out var report);
            Assert.Equal(2, columns.RowCount);
            Assert.Equal(1, report.BadRows);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a,a\n1,2\n", "named 'a'")]
    public void Text_that_is_no_table_is_refused(string text, string message)
        => Assert.Contains(message, Assert.ThrowsAny<Exception>(() => Csv(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Wrong_names_list_the_columns_there_are()
    {
        Assert.Contains("It has: a, b.", Assert.Throws<InvalidDataException>(() => Csv("a,b\n1,2\n", new() { Only = ["c"] })).Message,
            StringComparison.Ordinal);
        Assert.Contains("It has: a, b.", Assert.Throws<ArgumentException>(() => Csv("a,b\n1,2\n", new() { Key = "c" })).Message,
            StringComparison.Ordinal);
        Assert.Contains("It has: a, b.", Assert.Throws<ArgumentException>(() => Csv("a,b\n1,2\n").Text("c", 0)).Message,
            StringComparison.Ordinal);
        Assert.Contains("ColumnsOptions.Names 1", Assert.Throws<InvalidDataException>(() => Csv("a,b\n", new() { Names = ["x"] })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_set_becomes_columns_with_exact_integers()
    {
        using var table = new DataTable { Locale = CultureInfo.InvariantCulture };
        table.Columns.Add("id", typeof(long));
        table.Columns.Add("price", typeof(double));
        table.Columns.Add("name", typeof(string));
        table.Rows.Add(9007199254740993, 1.5, "x");
        table.Rows.Add(2, DBNull.Value, DBNull.Value);
        using var reader = table.CreateDataReader();
        var columns = Columns.Read(reader, key: "id");
        Assert.Equal("9007199254740993", columns.Text("id", 0));
        Assert.Equal("1.5", columns.Text("price", 0));
        Assert.Null(columns.Text("price", 1));
        Assert.Null(columns.Text("name", 1));
        var set = new FeatureSchema(Feature.Number("price", Side.Item, missing: -1),
            Feature.Number("id", Side.Item, NumberScale.Log)).Fit(items: columns);
        Assert.Equal([1.5f, -1], new[] { set.Items.Number("price", 0), set.Items.Number("price", 1) });
    }

    [Fact]
    public void Objects_become_columns()
    {
        Columns columns = Columns.From([(Id: 5, Tags: (string[]?)["a", "", "b"], Price: (double?)null), (Id: 6, Tags: null, Price: 2.5)])
            .Key("id", r => r.Id).List("tags", r => r.Tags).Number("price", r => r.Price);
        Assert.Equal("a|b", columns.Text("tags", 0));
        Assert.Equal("", columns.Text("tags", 1));
        Assert.Null(columns.Text("price", 0));
        Assert.Equal("6", columns.Text("id", 1));
        Assert.Contains("holds lists",
            Assert.Throws<ArgumentException>(() => new FeatureSchema(Feature.Category("tags", Side.User)).Fit(columns)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => columns.Text("id", 2));
    }
}

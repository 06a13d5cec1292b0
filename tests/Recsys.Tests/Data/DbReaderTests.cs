using System.Data;
using Recsys.Data;

namespace Recsys.Tests.Data;

public class DbReaderTests
{
    private static DataTableReader Query(object[][] rows, params (string Name, Type Type)[] columns)
    {
        var table = new DataTable { Locale = System.Globalization.CultureInfo.InvariantCulture };
        foreach (var (name, type) in columns) table.Columns.Add(name, type);
        foreach (var row in rows) table.Rows.Add(row);
        return table.CreateDataReader();
    }

    private static string Show(Interactions log)
        => string.Join(" ",
            log.Rows().Select(r => FormattableString.Invariant($"{log.Users.Name(r.User)}:{log.Items.Name(r.Item)}:{r.Value}")));

    [Fact]
    public void Usual_columns_are_read_by_their_types()
    {
        using var query = Query(
            [[1L, "a", 2.5, new DateTime(1970, 1, 1, 0, 1, 0), "buy"], [2L, "b", 1.0, new DateTime(1970, 1, 1), "view"],
                [1L, "b", 4.0, new DateTime(1970, 1, 1), "view"]],
            ("USER_ID", typeof(long)), ("item", typeof(string)), ("rating", typeof(double)), ("timestamp", typeof(DateTime)),
                ("event", typeof(string)));
        var log = Interactions.Read(query);
        Assert.Equal("1:b:4 1:a:2.5 2:b:1", Show(log));
        Assert.Equal([0L, 60, 0], log.TimeColumn.ToArray());
        Assert.Equal(["buy", "view"], log.EventTypes);
        Assert.True(log.Users.HasLongKeys);
    }

    public static TheoryData<Type, object, string> Ids => new()
    {
        { typeof(int), 5, "5" },
        { typeof(short), (short)-5, "-5" },
        { typeof(byte), (byte)5, "5" },
        { typeof(decimal), 5.0m, "5" },
        { typeof(Guid), Guid.Empty, "00000000-0000-0000-0000-000000000000" },
        { typeof(string), "é", "é" },
    };

    [Theory]
    [MemberData(nameof(Ids))]
    public void Ids_may_be_of_many_types(Type type, object id, string name)
    {
        using var query = Query([[id, id]], ("a", type), ("b", type));
        var log = Interactions.Read(query, new DbOptions { User = "a", Item = 1 });
        Assert.Equal((name, name), (log.Users.Name(0), log.Items.Name(0)));
    }

    public static TheoryData<Type, object, float> Values => new()
    {
        { typeof(float), 1.5f, 1.5f },
        { typeof(decimal), 1.5m, 1.5f },
        { typeof(int), 3, 3 },
        { typeof(long), 3L, 3 },
        { typeof(short), (short)3, 3 },
        { typeof(byte), (byte)3, 3 },
        { typeof(bool), true, 1 },
        { typeof(string), "1.5", 1.5f },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Values_may_be_of_many_types(Type type, object value, float expected)
    {
        using var query = Query([[1, 2, value]], ("user", typeof(int)), ("item", typeof(int)), ("value", type));
        Assert.Equal([expected], Interactions.Read(query).ValuesOf(0).ToArray());
    }

    public static TheoryData<Type, object, TimeFormat> Times => new()
    {
        { typeof(long), 60L, TimeFormat.UnixSeconds },
        { typeof(int), 60, TimeFormat.UnixSeconds },
        { typeof(long), 60_999L, TimeFormat.UnixMilliseconds },
        { typeof(double), 60.5, TimeFormat.UnixSeconds },
        { typeof(decimal), 60m, TimeFormat.UnixSeconds },
        { typeof(string), "1970-01-01T00:01:00Z", TimeFormat.Iso },
        { typeof(DateTimeOffset), new DateTimeOffset(1970, 1, 1, 1, 1, 0, TimeSpan.FromHours(1)), TimeFormat.UnixSeconds },
    };

    [Theory]
    [MemberData(nameof(Times))]
    public void Times_may_be_of_many_types(Type type, object time, TimeFormat format)
    {
        using var query = Query([[1, 2, time]], ("user", typeof(int)), ("item", typeof(int)), ("time", type));
        Assert.Equal([60L], Interactions.Read(query, new DbOptions { TimeFormat = format }).TimesOf(0).ToArray());
    }

    [Fact]
    public void Nulls_and_bad_cells_are_errors_that_name_row_and_column()
    {
        static string Message(object[] row)
        {
            using var query = Query([[1, "a", 1.0, 1L], row], ("user", typeof(int)), ("item", typeof(string)),
                ("rating", typeof(double)), ("time", typeof(long)));
            return Assert.Throws<InvalidDataException>(() => Interactions.Read(query)).Message;
        }

        Assert.Contains("query, row 2, column 'user': the id is null", Message([DBNull.Value, "a", 1.0, 1L]));
        Assert.Contains("query, row 2, column 'item': the id is empty", Message([1, "", 1.0, 1L]));
        Assert.Contains("query, row 2, column 'rating': the cell is null", Message([1, "a", DBNull.Value, 1L]));
        Assert.Contains("query, row 2, column 'rating': the value is NaN", Message([1, "a", double.NaN, 1L]));
        Assert.Contains("query, row 2, column 'time': the time is null; set DbOptions.MissingTime", Message([1, "a", 1.0, DBNull.Value]));
    }

    [Fact]
    public void Bad_rows_can_be_skipped_and_counted()
    {
        using var query = Query([[1, "a"], [DBNull.Value, "b"], [2, "c"]], ("user", typeof(int)), ("item", typeof(string)));
        var log = Interactions.Read(query, new DbOptions { BadRows = BadRows.Skip }, out var report, "orders");
        Assert.Equal("1:a:1 2:c:1", Show(log));
        Assert.Equal(1, report.BadRowsByReason[BadRowReason.EmptyId]);
        Assert.Contains("orders, row 2, column 'user'", report.ToString());
    }

    [Fact]
    public void Missing_columns_and_types_that_do_not_fit_are_errors()
    {
        using var query = Query([], ("user", typeof(int)), ("thing", typeof(byte[])));
        Assert.Contains("its columns are 'user', 'thing'. Set DbOptions.Item.",
            Assert.Throws<InvalidDataException>(() => Interactions.Read(query)).Message);
        Assert.Contains(
            "query, column 'thing': an item id cannot be of type Byte[]; cast it in the query.",
            Assert.Throws<InvalidDataException>(() => Interactions.Read(query, new DbOptions { Item = "thing" })).Message);
    }
}

using System.IO.Compression;
using System.Text;
using Recsys.Data;

namespace Recsys.Tests.Data;

public class CsvTests
{
    private static Interactions Read(string text, CsvOptions? options = null) => Read(Encoding.UTF8.GetBytes(text), options, out _);

    private static Interactions Read(byte[] bytes, CsvOptions? options, out ReadReport report)
        => Interactions.ReadCsv(new MemoryStream(bytes), options, out report, "log.csv");

    private static string Show(Interactions log)
        => string.Join(" ",
            log.Rows().Select(r => FormattableString.Invariant($"{log.Users.Name(r.User)}:{log.Items.Name(r.Item)}:{r.Value}")));

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress)) gzip.Write(bytes);
        return packed.ToArray();
    }

    [Theory]
    [InlineData("user,item,rating,timestamp\n1,10,4.5,100\n2,11,3,50\n1,12,1,90\n")]
    [InlineData("userId,movieId,rating,timestamp\r\n1,10,4.5,100\r\n2,11,3,50\r\n1,12,1,90")]
    [InlineData("\uFEFFtimestamp;Value; ITEM_ID ;uid\n100;4.5;10;1\n\n50;3;11;2\n90;1;12;1\n")]
    [InlineData("user\titem\tweight\ttime\n\"1\"\t10\t4.5\t100\n2\t11\t+3.0\t50.0\n1\t12\t1e0\t90.9\n")]
    public void Usual_headers_and_delimiters_are_found(string text)
    {
        var log = Read(text);
        Assert.Equal("1:12:1 1:10:4.5 2:11:3", Show(log));
        Assert.Equal([90L, 100, 50], log.TimeColumn.ToArray());
        Assert.True(log.Users.HasLongKeys);
    }

    [Fact]
    public void Columns_are_chosen_by_name_or_position_and_left_out()
    {
        const string Text = "a,b,rating,time,x\nu,i,5,9,buy\nv,j,4,8,view\n";
        Assert.Equal("u:i:5 v:j:4", Show(Read(Text, new CsvOptions { User = "a", Item = "B" })));
        var log = Read(Text, new CsvOptions { User = 1, Item = 0, Value = SourceColumn.None, Time = SourceColumn.None, Event = "x" });
        Assert.Equal("i:u:1 j:v:1", Show(log));
        Assert.False(log.HasTimes);
        Assert.Equal(["buy", "view"], log.EventTypes);

        var bare = Read("u,i,5\nv,j,4\n", new CsvOptions { HasHeader = false, Value = 2 });
        Assert.Equal("u:i:5 v:j:4", Show(bare));
        Assert.Equal("u:i:1 v:j:1", Show(Read("u,i,5\nv,j,4\n", new CsvOptions { HasHeader = false })));
    }

    [Fact]
    public void Quotes_and_long_delimiters_keep_their_text()
    {
        Assert.Equal("a,\"b\n:i:1", Show(Read("user,item\n\"a,\"\"b\n\",i\n")));
        var options = new CsvOptions { HasHeader = false, Delimiter = "::", Value = 2, Time = 3 };
        Assert.Equal("1:x:y:5 2:z:4", Show(Read("1::x:y::5::7\n2::z::4::8\n", options)));
        Assert.Equal("1:\"q:5", Show(Read("1::\"q::5::7\n", options with { Quote = null })));
    }

    [Fact]
    public void Encodings_and_gzip_are_honoured()
    {
        var expected = "é:ö:1";
        Assert.Equal(expected, Show(Read(Encoding.Latin1.GetBytes("user,item\né,ö\n"), new CsvOptions { Encoding = "latin-1" }, out _)));
        Assert.Equal(expected,
            Show(Read(Encoding.Latin1.GetBytes("user,item\né,ö\n"), new CsvOptions { Encoding = "windows-1252" }, out _)));
        Assert.Equal(expected,
            Show(Read([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("user,item\né,ö\n")], null, out _)));
        Assert.Equal(expected, Show(Read(Gzip(Encoding.UTF8.GetBytes("user,item\né,ö\n")), null, out _)));
        var once = new OnceStream(Gzip(Encoding.UTF8.GetBytes("user,item\né,ö\n")));
        Assert.Equal(expected, Show(Interactions.ReadCsv(once, null, out _)));
        Assert.Equal(expected, Show(Interactions.ReadCsv(new StringReader("user,item\né,ö\n"), null, out _)));
    }

    [Theory]
    [InlineData(TimeFormat.UnixMilliseconds, "1500", 1)]
    [InlineData(TimeFormat.UnixMilliseconds, "-1", -1)]
    [InlineData(TimeFormat.UnixSeconds, "-5", -5)]
    [InlineData(TimeFormat.UnixSeconds, "1e9", 1_000_000_000)]
    [InlineData(TimeFormat.Iso, "1970-01-02", 86_400)]
    [InlineData(TimeFormat.Iso, "1970-01-01 00:01:00", 60)]
    [InlineData(TimeFormat.Iso, "1970-01-01T00:01:00.25Z", 60)]
    [InlineData(TimeFormat.Iso, "1970-01-01T01:01:00+01:00", 60)]
    public void Times_are_read_as_declared(TimeFormat format, string cell, long seconds)
        => Assert.Equal([seconds], Read($"user,item,time\nu,i,{cell}\n", new CsvOptions { TimeFormat = format }).TimesOf(0).ToArray());

    [Theory]
    [InlineData("1", 1f)]
    [InlineData("-2.5", -2.5f)]
    [InlineData(".5", 0.5f)]
    [InlineData("5.", 5f)]
    [InlineData("0.1", 0.1f)]
    [InlineData("1234567", 1234567f)]
    [InlineData("123.4567", 123.4567f)]
    [InlineData("16777217", 16777216f)]
    [InlineData("1e-3", 0.001f)]
    public void Numbers_are_read_to_the_nearest_float(string cell, float value)
        => Assert.Equal([value], Read($"user,item,rating\nu,i,{cell}\n").ValuesOf(0).ToArray());

    [Fact]
    public void Short_decimals_are_parsed_as_the_framework_does()
    {
        for (var number = 0; number < 100_000; number += 7)
        {
            foreach (var text in new[] { $"{number}", $"{number / 100}.{number % 100:D2}", $"0.{number:D5}", $"{number:D7}" })
            {
                Assert.True(CellParsers.TryParseFloat(Encoding.UTF8.GetBytes(text), out var value));
                Assert.Equal(float.Parse(text, System.Globalization.CultureInfo.InvariantCulture), value);
            }
        }
    }

    [Theory]
    [InlineData("", "log.csv is empty: it has no header and no rows.")]
    [InlineData("user,itm\nu,i\n", "log.csv has none of the columns item, itemId, item_id")]
    [InlineData("user,itm\nu,i\n", "its columns are 'user', 'itm'. Set CsvOptions.Item.")]
    [InlineData("user,item,rating\nu,i,1\nu,j,x1\n", "log.csv, line 3, column 'rating': 'x1' is not a number")]
    [InlineData("user,item,rating\nu,i,1\n\nu,j,\n", "log.csv, line 4, column 'rating': the cell is empty; a number is needed.")]
    [InlineData("user,item,rating\nu,i\n", "log.csv, line 2, column 'rating': the cell is missing: the row has 2 fields, 3 are needed")]
    [InlineData("user,item,rating\nu,i,NaN\n", "log.csv, line 2, column 'rating': the value is 'NaN'; values must be finite")]
    [InlineData("user,item,rating\nu,i,-Infinity\n", "the value is '-Infinity'; values must be finite")]
    [InlineData("user,item,rating\nu,i,1e39\n", "the value is '1e39'; values must be finite 32-bit floats")]
    [InlineData("user,item\n,i\n", "log.csv, line 2, column 'user': the id is empty")]
    [InlineData("user,item\nu,\"\"\n", "log.csv, line 2, column 'item': the id is empty")]
    [InlineData("user,item,time\nu,i,\n", "line 2, column 'time': the time is empty; set CsvOptions.MissingTime")]
    [InlineData("user,item,time\nu,i,2020-01-01\n", "line 2, column 'time': '2020-01-01' is not a time in the format UnixSeconds")]
    [InlineData("user,item,time\nu,i,1e300\n", "'1e300' is not a time")]
    [InlineData("user,item,event\nu,i,\n", "line 2, column 'event': the event type is empty")]
    [InlineData("user,item\nu,\"i\n", "log.csv, line 2:")]
    public void Bad_input_is_an_error_that_names_file_line_and_column(string text, string message)
        => Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Read(text)).Message);

    [Fact]
    public void Wrong_options_are_errors_that_say_what_to_do()
    {
        Assert.Contains(
            "log.csv has no column 'usr' (CsvOptions.User); its columns are 'user', 'item'.",
            Assert.Throws<InvalidDataException>(() => Read("user,item\nu,i\n", new CsvOptions { User = "usr" })).Message);
        Assert.Contains(
            "log.csv has no column #7 (CsvOptions.Value, counted from 0); its columns are 'user', 'item'.",
            Assert.Throws<InvalidDataException>(() => Read("user,item\nu,i\n", new CsvOptions { Value = 7 })).Message);
        Assert.Contains(
            "CsvOptions.User is the name 'u', but the columns have no names",
            Assert.Throws<ArgumentException>(() => Read("u,i\n", new CsvOptions { HasHeader = false, User = "u" })).Message);
        Assert.Contains(
            "CsvOptions.Item is None",
                Assert.Throws<ArgumentException>(() => Read("user,item\nu,i\n", new CsvOptions { Item = SourceColumn.None })).Message);
        Assert.Contains(
            "The encoding 'klingon' is unknown; use a name such as utf-8",
                Assert.Throws<ArgumentException>(() => new CsvOptions { Encoding = "klingon" }).Message);
        Assert.Contains("Delimiter must be 1 to 16", Assert.Throws<ArgumentException>(() => new CsvOptions { Delimiter = "" }).Message);
        Assert.Contains(
            "'x' is not an integer; CsvOptions.Keys keeps integers only",
            Assert.Throws<InvalidDataException>(() => Read("user,item\n1,x\n", new CsvOptions { Keys = IdKeys.Long })).Message);
        Assert.Contains("none.csv", Assert.Throws<FileNotFoundException>(() => Interactions.ReadCsv("none.csv")).Message);
    }

    [Fact]
    public void Bytes_of_another_encoding_are_an_error_that_says_so()
    {
        var error = Assert.Throws<InvalidDataException>(() => Read(Encoding.Latin1.GetBytes("user,item\nu,caf\u00e9\n"), null, out _));
        Assert.Contains("log.csv, line 2, column 'item': 'caf\uFFFD' is not valid UTF-8; set CsvOptions.Encoding", error.Message);
    }

    [Fact]
    public void Damaged_gzip_is_an_error_that_names_the_file()
    {
        var random = new Random(1);
        var text = string.Concat(Enumerable.Range(0, 5000).Select(i => $"{random.Next(100)},{random.Next(100)}\n"));
        var packed = Gzip(Encoding.UTF8.GetBytes("user,item\n" + text));
        Assert.Equal(5000, Read(packed, null, out _).Count);
        foreach (var length in new[] { 3, 10, 11, 100, packed.Length / 2, packed.Length - 8, packed.Length - 4, packed.Length - 1 })
            Assert.Contains("log.csv is not a whole gzip file",
                Assert.Throws<InvalidDataException>(() => Read(packed[..length], null, out _)).Message);
        Assert.Contains("log.csv is not a whole gzip file",
            Assert.Throws<InvalidDataException>(() => Read([.. packed, 1, 2, 3], null, out _)).Message);
        packed[packed.Length / 2] ^= 0xFF;
        Assert.Contains("log.csv", Assert.Throws<InvalidDataException>(() => Read(packed, null, out _)).Message);
    }

    [Fact]
    public void Gzip_of_several_members_is_read_to_the_end()
    {
        byte[] packed = [.. Gzip("user,item\n1,2\n"u8.ToArray()), .. Gzip([]), .. Gzip("3,4\n"u8.ToArray())];
        Assert.Equal("1:2:1 3:4:1", Show(Read(packed, null, out _)));
        Assert.Contains("log.csv is empty", Assert.Throws<InvalidDataException>(() => Read(Gzip([]), null, out _)).Message);
        Assert.Contains("log.csv is empty",
            Assert.Throws<InvalidDataException>(() => Read(Gzip([]), new CsvOptions { HasHeader = false }, out _)).Message);
    }

    [Fact]
    public void Bad_rows_can_be_skipped_counted_and_reported()
    {
        const string Text = "user,item,rating\n1,10,5\n,11,5\n2,x,?\n3,12\n1,13,inf\n1,14,Infinity\n1,\"1\"5,2\n4,16,3\n";
        var log = Read(Encoding.UTF8.GetBytes(Text), new CsvOptions { BadRows = BadRows.Skip, MaxExamples = 2 }, out var report);
        Assert.Equal("1:10:5 4:16:3", Show(log));
        Assert.Equal((2L, 6L), (report.Rows, report.BadRows));
        Assert.Equal(
            "MissingCell 1, EmptyId 1, NotANumber 2, NotFinite 1, BadQuoting 1",
            string.Join(", ", report.BadRowsByReason.Select(r => $"{r.Key} {r.Value}")));
        Assert.Equal(2, report.Examples.Count);
        Assert.Equal((3L, "'user'", BadRowReason.EmptyId), (report.Examples[0].Line, report.Examples[0].Column, report.Examples[0].Reason));
        Assert.Contains("log.csv: 2 rows, 6 left out", report.ToString());
        Assert.Contains("log.csv, line 4, column 'rating': '?' is not a number", report.ToString());

        Assert.Equal(0, Read(Encoding.UTF8.GetBytes("user,item\n1,2\n"), null, out report).Count - 1);
        Assert.Empty(report.BadRowsByReason);
    }

    [Fact]
    public void Ids_of_ten_thousand_characters_are_read_and_cut_in_messages()
    {
        var id = new string('x', 10_000);
        Assert.Equal(id, Read($"user,item\n{id},i\n").Users.Name(0));
        var message = Assert.Throws<InvalidDataException>(() =>
            Read($"user,item\n{id},1\n", new CsvOptions { Keys = IdKeys.Long })).Message;
        Assert.Contains("… (10000 characters)", message);
        Assert.True(message.Length < 200);
    }

    [Fact]
    public void A_header_without_rows_gives_an_empty_log_and_one_user_is_enough()
    {
        Assert.Equal(0, Read("user,item\n").Count);
        Assert.Equal("u:a:1 u:b:1 u:a:1", Show(Read("user,item\nu,a\nu,b\nu,a\n")));
    }

    [Fact]
    public void Missing_times_keep_the_input_order_if_asked()
    {
        const string Text = "user,item,time\nu,c,\nu,a,9\nu,b,\nv,b,2\nv,a,1\n";
        var log = Read(Text, new CsvOptions { MissingTime = MissingTime.KeepInputOrder });
        Assert.Equal("u:c:1 u:a:1 u:b:1 v:a:1 v:b:1", Show(log));
        Assert.Equal([Interactions.NoTime, 9, Interactions.NoTime], log.TimesOf(0).ToArray());
    }

    [Fact]
    public void Known_ids_keep_their_numbers()
    {
        var train = Read("user,item\nu,a\nv,b\n");
        var test = Read("user,item\nv,a\nw,a\n", new CsvOptions { KnownUsers = train.Users, KnownItems = train.Items });
        Assert.Equal((1, 2), (test.Users.Find("v"), test.Users.Find("w")));
        Assert.Same(train.Items, test.Items);
    }

    [Fact]
    public void Mixed_ids_become_text_without_loss()
    {
        var log = Read("user,item\n7,1\n07,1\n7,x\n");
        Assert.Equal("7:1:1 7:x:1 07:1:1", Show(log));
        Assert.Equal("7", Read("user,item\n7,1\n", new CsvOptions { Keys = IdKeys.Text }).Users.Name(0));
        Assert.False(Read("user,item\n7,1\n", new CsvOptions { Keys = IdKeys.Text }).Users.HasLongKeys);
    }

    [Fact]
    public void Reading_can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            Interactions.ReadCsv(new StringReader("user,item\n1,2\n"), null, out _, cancel: cancel.Token));
    }

    /// <summary>A stream that cannot seek and gives one byte at a time.</summary>
    private sealed class OnceStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override long Seek(long offset, SeekOrigin loc) => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 1)]);
    }
}

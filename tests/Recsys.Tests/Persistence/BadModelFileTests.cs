using System.Globalization;
using System.Text;
using Recsys.Persistence;

namespace Recsys.Tests.Persistence;

/// <summary>One test for each way in which a file can be bad: the message says which, and where.</summary>
public sealed class BadModelFileTests
{
    private static readonly ModelKinds Kinds = ModelKinds.None.With<Leaf>().With<Everything>().With<Nest>();
    private static readonly byte[] File = ModelFileRoundTripTests.Bytes(Everything.Sample());

    /// <summary>Edits of the parts of a file; the checksum is put right afterwards.</summary>
    private static readonly Dictionary<string, (Action<EditableModelFile> Edit, string Message)> Edits = new()
    {
        ["unknown dtype"] = (file => file.Set("tensors.f32", t => t with { Type = "F8" }),
            "the tensor 'tensors.f32' has the unknown dtype 'F8'; known are F32"),
        ["other dtype"] = (file => file.Set("tensors.i32", t => t with { Type = "U32" }),
            "'tensors.i32' must be I32 [any], but it is U32 [3]"),
        ["other shape"] = (file => file.Set("tensors.f32", t => t with { Shape = [2, 3] }),
            "'tensors.f32' must be F32 [any, 2], but it is F32 [2, 3]"),
        ["shape lies"] = (file => file.Set("tensors.f32", t => t with { Shape = [300, 2] }),
            "'tensors.f32' of F32 [300, 2] needs 2400 bytes"),
        ["shape overflows"] = (file => file.Set("tensors.f32", t => t with { Shape = [long.MaxValue, 2] }), "needs more than 2^63 bytes"),
        ["shape overflows to the right size"] = (file => file.Set("tensors.f32", t => t with { Shape = [(1L << 62) + 6] }),
            "needs more than 2^63 bytes"),
        ["negative shape"] = (file => file.Set("tensors.f32", t => t with { Shape = [-3, -2] }),
            "shape of the tensor 'tensors.f32' holds something other than whole"),
        ["huge and empty"] = (file => file.Set("tensors.f32", t => t with { Shape = [0, 1L << 40], Data = [] }),
            "is empty but has a dimension of 1099511627776"),
        ["nine dimensions"] = (file => file.Set("tensors.f64", t => t with { Shape = [2, 1, 1, 1, 1, 1, 1, 1, 1] }),
            "has more than 8 numbers"),
        ["overlap"] = (file => file.Set("tensors.f64", t => t with { Claimed = (0, 16) }), "they overlap"),
        ["gap"] = (file => file.Tensors[^1] = file.Tensors[^1] with { Data = [0, .. file.Tensors[^1].Data], Claimed = LastRange(file, 1) },
            "there is a gap"),
        ["range backwards"] = (file => file.Set("tensors.f64", t => t with { Claimed = (5, 0) }), "data_offsets are [5, 0]"),
        ["range past the end"] = (file => file.Set("tensors.bool", t
            => t with { Shape = [9], Claimed = (LastRange(file, 0).Begin, LastRange(file, 0).End + 6) }),
            "the file is truncated"),
        ["bytes after the end"] = (file => file.Set("tensors.bool", t => t with { Data = [.. t.Data, 0], Claimed = LastRange(file, 0) }),
            "something was added to the file"),
        ["a name twice"] = (file => file.Values.Add(("text", "again")), "the entry 'text' stands twice"),
        ["a tensor twice"] = (file => file.Tensors.Add(file.Tensors[0]), "stands twice"),
        ["a tensor named as a value"] = (file => file.Tensors.Add(new("text", "U8", [1], [1])), "the entry 'text' stands twice"),
        ["a stranger"] = (file => file.Tensors.Add(new("payload", "U8", [1], [1])), "the entry 'payload' is not part of this model."),
        ["strangers"] = (file => file.Values.AddRange([("b", ""), ("a", "")]), "the entry 'a' is not part of this model, nor are 1 more"),
        ["a missing value"] = (file => file.Values.RemoveAll(entry => entry.Name == "flag"), "the entry 'flag' is missing"),
        ["a missing tensor"] = (file => file.Tensors.RemoveAll(t => t.Name == "tensors.u8"),
            "the entry 'tensors.u8' is missing or is not a tensor of U8 [any]"),
        ["NaN"] = (file => file.Set("tensors.f32", t => t with { Data = Floats(0, 1, 2, float.NaN, 4, 5) }),
            "'tensors.f32' holds NaN at index 3; it must be finite"),
        ["infinity"] = (file => file.Set("tensors.f64", t => t with { Data = Doubles(double.NegativeInfinity, 1) }), "at index 0"),
        ["infinity in halves"] = (file => file.Set("tensors.f16", t => t with { Data = [0, 0, 0, 0x7C, 0, 0] }), "'tensors.f16' holds"),
        ["bool that is neither"] = (file => file.Set("tensors.bool", t => t with { Data = [1, 2, 0] }),
            "'tensors.bool' holds a byte at index 1 that is no BOOL"),
        ["id too large"] = (file => file.Set("tensors.deeper.ids", t => t with { Data = Ints(0, 10, 1) }),
            "holds the id 10 at index 1; ids lie between 0 and 9"),
        ["id below zero"] = (file => file.Set("tensors.deeper.ids", t => t with { Data = Ints(0, 1, -1) }), "holds the id -1 at index 2"),
        ["offsets that fall"] = (file => file.Set("tensors.deeper.offsets", t => t with { Data = Longs(0, 2, 1, 3) }),
            "holds 1 at index 2; offsets start at 0"),
        ["offsets that start late"] = (file => file.Set("tensors.deeper.offsets", t => t with { Data = Longs(1, 2, 2, 3) }),
            "holds 1 at index 0"),
        ["offsets that end early"] = (file => file.Set("tensors.deeper.offsets", t => t with { Data = Longs(0, 0, 2, 2) }),
            "must end at 3"),
        ["text that is no UTF-8"] = (file => file.Set("texts.bytes", t => t with { Data = [0xFF, .. t.Data[1..]] }),
            "text 1 of 'texts' is not valid UTF-8"),
        ["integer"] = (file => file.Set("integer", "12x"), "the entry 'integer' is '12x'; it must be a whole number"),
        ["integer too large"] = (file => file.Set("integer", "9223372036854775808"), "it must be a whole number"),
        ["real"] = (file => file.Set("real", "NaN"), "the entry 'real' is 'NaN'; it must be a finite number"),
        ["flag"] = (file => file.Set("flag", "True"), "the entry 'flag' is 'True'; it must be true or false"),
        ["choice"] = (file => file.Set("choice", "5"), "it must be one of Sunday, Monday"),
        ["other kind"] = (file => file.Set("kind", "xgboost"),
            "the file must hold a model of the kind 'test-everything', but it holds 'xgboost'"),
        ["newer version"] = (file => file.Set("version", "4"),
            "holds a 'test-everything' model of version 4, but Recsys 0.1.0 reads versions up to 3"),
        ["newer version of a newer library"] = (file => { file.Set("version", "4"); file.Set("library", "2.5.0"); },
            "written by Recsys '2.5.0': update the package"),
        ["version zero"] = (file => file.Set("version", "0"), "the entry 'version' is '0'"),
        ["newer format"] = (file => file.Set("format", "recsys/2"), "format version 2; Recsys 0.1.0 reads versions up to 1"),
        ["other format"] = (file => file.Set("format", "pt"), "the file was not written by Recsys"),
        ["no checksum"] = (file => file.Values.RemoveAll(entry => entry.Name == "checksum"), "the checksum is missing"),
        ["short checksum"] = (file => file.Set("checksum", "00"), "the checksum is not 64 lower-case hexadecimal digits"),
        ["a name with control characters"] = (file => file.Values.Add(("a\u001b[31mb", "")),
            "'a?[31mb' holds the control character U+001B"),
        ["a name without end"] = (file => file.Values.Add((new string('n', 5000), "")), "has 5000 characters, more than 512"),
    };

    public static TheoryData<string> Names => [.. Edits.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_forged_file_is_refused_with_the_reason(string name)
    {
        var (edit, message) = Edits[name];
        Assert.Contains(message, Refused(EditableModelFile.Parse(File).With(edit).ToBytes()), StringComparison.Ordinal);
    }

    /// <summary>Edits of the header's text.</summary>
    [Theory]
    [InlineData("{\"__metadata__\":{", "[\"__metadata__\":{", "does not start with '{'")]
    [InlineData("\"dtype\"", "\"dtypo\"", "unexpected or repeated field 'dtypo'")]
    [InlineData("\"shape\":[3]", "\"shape\":[[3]]", "not valid JSON")]
    [InlineData("\"shape\":[3]", "\"shape\":[3.5]", "something other than whole numbers")]
    [InlineData("\"shape\":[3]", "\"shape\":[\"3\"]", "something other than whole numbers")]
    [InlineData("\"shape\":[3]", "\"shape\":[99999999999999999999]", "something other than whole numbers")]
    [InlineData("\"shape\":[3]", "\"shape\":3", "the shape of the tensor 'tensors.i32' is not an array")]
    [InlineData("\"shape\":[3]", "\"shape\":[3],\"shape\":[3]", "repeated field 'shape'")]
    [InlineData("\"shape\":[3],", "", "needs a dtype, a shape and data_offsets")]
    [InlineData("\"data_offsets\":[0,", "\"data_offsets\":[0,0,", "data_offsets of two numbers")]
    [InlineData("\"flag\":\"true\"", "\"flag\":true", "the entry 'flag' is not a string")]
    [InlineData("\"flag\":\"true\"", "\"flag\":\"\\ud800\"", "not valid JSON")]
    [InlineData("\"flag\":\"true\"", "\"flag\":{}", "the entry 'flag' is not a string")]
    [InlineData("\"flag\"", "\"\"", "is empty")]
    [InlineData("]}}", "]}}}", "not valid JSON")]
    [InlineData("]}}", "]}} x", "not valid JSON")]
    [InlineData("]}}", "]}", "not valid JSON")]
    [InlineData("]}}", "]},\"x\":1}", "the header entry 'x' is not an object")]
    [InlineData("]}}", "]},\"__metadata__\":{}}", "holds __metadata__ twice")]
    public void A_forged_header_is_refused_with_the_reason(string old, string replacement, string message)
    {
        var parts = EditableModelFile.Parse(File);
        var header = parts.Header();
        var place = old == "]}}" ? header.LastIndexOf(old, StringComparison.Ordinal) : header.IndexOf(old, StringComparison.Ordinal);
        Assert.True(place >= 0, $"The header has no {old}.");
        var forged = header[..place] + replacement + header[(place + old.Length)..];
        Assert.Contains(message, Refused(EditableModelFile.Seal(forged, parts.Data())), StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused()
    {
        var header = Encoding.Latin1.GetBytes(EditableModelFile.Parse(File).Header()
            .Replace("Friday", "Fri\u00ffay", StringComparison.Ordinal));
        Assert.Contains("not valid JSON", Refused(EditableModelFile.Seal(header, [])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[0], "the file has 0 bytes")]
    [InlineData(new byte[] { 1, 2, 3 }, "the file has 3 bytes")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 1 }, "the header length is 0")]
    [InlineData(new byte[] { 9, 0, 0, 0, 0, 0, 0, 0, 1 }, "reaches past the end of the file of 9 bytes")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 1 }, "the header length is 18446744073709551615")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 128, 1 }, "this is not a model file")]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4, 20, 0, 0, 0, 8, 0, 0 }, "this is not a model file")]
    public void What_is_no_model_file_is_refused(byte[] file, string message)
        => Assert.Contains(message, Refused(file), StringComparison.Ordinal);

    [Fact]
    public void A_flipped_bit_in_a_tensor_is_found_by_the_checksum()
    {
        var copy = (byte[])File.Clone();
        copy[^1] ^= 1;
        Assert.Contains("the checksum does not match", Refused(copy), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_cannot_seek_tells_of_missing_and_added_bytes()
    {
        using var shortened = new Forward(File[..^1]);
        Assert.Contains("it is truncated", Assert.Throws<InvalidDataException>(() => ModelFile.Load<Everything>(shortened, Kinds)).Message,
            StringComparison.Ordinal);
        using var longer = new Forward([.. File, 0]);
        Assert.Contains("goes on after its last tensor",
            Assert.Throws<InvalidDataException>(() => ModelFile.Load<Everything>(longer, Kinds)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_cannot_seek_and_promises_gigabytes_takes_no_memory_for_them()
    {
        var bytes = EditableModelFile.Parse(ModelFileRoundTripTests.Bytes(new Leaf([1])))
            .With(file => file.Set("weights", t => t with { Shape = [500_000_000], Claimed = (0, 2_000_000_000) })).ToBytes();
        using var stream = new Forward(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => ModelFile.Load<Leaf>(stream, Kinds));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void The_message_names_the_file_of_any_error()
    {
        var path = Path.GetTempFileName();
        System.IO.File.WriteAllBytes(path, File[..^3]);
        Assert.StartsWith($"'{path}': ", Assert.Throws<InvalidDataException>(() => ModelFile.Load<Everything>(path, Kinds)).Message,
            StringComparison.Ordinal);
        Assert.StartsWith($"'{path}': ", Assert.Throws<InvalidDataException>(() => ModelFile.Inspect(path)).Message,
            StringComparison.Ordinal);
        System.IO.File.Delete(path);
        Assert.Contains(path, Assert.Throws<FileNotFoundException>(() => ModelFile.Load<Everything>(path, Kinds)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_kind_outside_the_list_is_named_with_what_to_do()
    {
        var error = Assert.Throws<InvalidDataException>(() => ModelFile.Load(new MemoryStream(File), ModelKinds.None.With<Leaf>()));
        Assert.Contains("'test-everything', which is not in the list of kinds (test-leaf); add it with ModelKinds.With<T>()",
            error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_nested_model_of_another_kind_is_named_by_its_entry()
    {
        var nest = EditableModelFile.Parse(ModelFileRoundTripTests.Bytes(new Nest(new Leaf([1]), Everything.Sample())));
        var error = Assert.Throws<InvalidDataException>(() =>
            ModelFile.Load<Nest>(new MemoryStream(nest.With(file => file.Set("known.kind", "test-leaf")).ToBytes()), Kinds));
        Assert.Contains("the entry 'known' must hold a model of the kind 'test-everything', but it holds 'test-leaf'", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Models_within_models_without_end_are_refused()
    {
        var file = new EditableModelFile
        {
            Values = [("format", "recsys/1"), ("checksum", new string('0', 64)), ("kind", "test-nest"), ("version", "1")],
        };
        var prefix = "";
        for (var i = 0; i < 40; i++)
        {
            prefix += "any.";
            file.Values.AddRange([(prefix + "kind", "test-nest"), (prefix + "version", "1")]);
        }
        var error = Assert.Throws<InvalidDataException>(() => ModelFile.Load<Nest>(new MemoryStream(file.ToBytes()), Kinds));
        Assert.Contains("more than 16 models lie in one another", error.Message, StringComparison.Ordinal);
        object deep = new Leaf([1]);
        for (var i = 0; i < 16; i++) deep = new Nest(deep, Everything.Sample());
        ModelFile.Load(new MemoryStream(Save(deep)), Kinds);
        Assert.Contains("16 models", Assert.Throws<InvalidOperationException>(() => Save(new Nest(deep, Everything.Sample()))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_version_up_to_the_newest_is_read(int version)
    {
        var file = EditableModelFile.Parse(File).With(parts => parts.Set("version", version.ToString(CultureInfo.InvariantCulture)))
            .ToBytes();
        Assert.Equal(Everything.Sample(), ModelFile.Load<Everything>(new MemoryStream(file), Kinds));
    }

    private static string Refused(byte[] file)
    {
        var message = Assert.Throws<InvalidDataException>(() => ModelFile.Load<Everything>(new MemoryStream(file), Kinds)).Message;
        Assert.StartsWith("The model stream: ", message, StringComparison.Ordinal);
        return message;
    }

    private static byte[] Save(object model)
    {
        var stream = new MemoryStream();
        ModelFile.Save(stream, model, Kinds);
        return stream.ToArray();
    }

    // Where the last tensor truly lies, moved.
    private static (long Begin, long End) LastRange(EditableModelFile file, int by)
    {
        var end = file.Tensors.Sum(tensor => (long)tensor.Data.Length);
        return (end - file.Tensors[^1].Data.Length + by, end + by);
    }

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static byte[] Doubles(params double[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static byte[] Ints(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static byte[] Longs(params long[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private sealed class Forward(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}

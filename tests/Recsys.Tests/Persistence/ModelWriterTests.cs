using Recsys.Data;
using Recsys.Persistence;

namespace Recsys.Tests.Persistence;

public sealed class ModelWriterTests
{
    private static readonly ModelKinds Kinds = ModelKinds.None.With<Leaf>().With<Everything>().With<Nest>();

    private static readonly Dictionary<string, (Action<ModelWriter> Write, string Message)> Mistakes = new()
    {
        ["a name twice"] = (writer => { writer.Text("a", ""); writer.Flag("a", true); }, "The entry 'a' is written twice"),
        ["a name twice by another way"] = (writer => { writer.Scope("a").Text("b", ""); writer.Tensor("a.b", [1]); },
            "The entry 'a.b' is written twice"),
        ["a name of the model itself"] = (writer => writer.Text("kind", ""), "The name 'kind' is reserved"),
        ["a name of a model inside"] = (writer => { writer.Model("leaf", new Leaf([1])); writer.Text("leaf.kind", ""); },
            "'leaf.kind' is written twice"),
        ["no name"] = (writer => writer.Text("", ""), "is empty"),
        ["a name with a line break"] = (writer => writer.Text("a\nb", ""), "holds the control character U+000A"),
        ["a name of half a character"] = (writer => writer.Text("\ud83c", ""), "is not valid Unicode"),
        ["half a character"] = (writer => writer.Text("a", "\ud83c"), "The text of the entry 'a' is not valid Unicode"),
        ["half a character in a list"] = (writer => writer.Texts("a", ["fine", "\udfac"]), "Text 1 of 'a' is not valid Unicode"),
        ["a real that is none"] = (writer => writer.Real("a", double.NaN), "The entry 'a' is NaN; it must be finite"),
        ["a choice without a name"] = (writer => writer.Choice("a", (DayOfWeek)9), "9 is not a named DayOfWeek"),
        ["a tensor with NaN"] = (writer => writer.Tensor("a", [0f, float.NaN]), "The tensor 'a' holds NaN at index 1"),
        ["a shape that does not fit"] = (writer => writer.Tensor("a", [1, 2, 3], 2, 2),
            "The tensor 'a' has 3 elements, which do not fill the shape [2, 2]"),
        ["a negative shape"] = (writer => writer.Tensor("a", [1, 2], -1, -2), "do not fill the shape"),
        ["a type that files do not have"] = (writer => writer.Tensor("a", [1m]), "A model file has no tensors of Decimal"),
        ["an empty tensor of a million columns"] = (writer => writer.Tensor("a", Array.Empty<int>(), 0, 1_000_000),
            "is empty but has a dimension of 1000000"),
        ["texts that a header cannot hold"] = (writer => writer.Text("a", new string('x', 17 << 20)),
            "Write large texts with Texts(name, list)"),
        ["a model outside the list"] = (writer => writer.Model("a", (object)"text"), "String is not in the list of kinds"),
    };

    public static TheoryData<string> Names => [.. Mistakes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_mistake_of_a_model_is_an_error_when_saving(string name)
    {
        var (write, message) = Mistakes[name];
        var error = Assert.ThrowsAny<Exception>(() =>
        {
            var writer = new ModelWriter(Kinds);
            writer.Root("test", 1, write);
            writer.WriteTo(null, _ => { });
        });
        Assert.True(error is ArgumentException or InvalidOperationException or NotSupportedException, error.ToString());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_reads_an_entry_twice_hears_so()
    {
        var error = Assert.Throws<InvalidDataException>(() => ModelReader.Load(
            new MemoryStream(ModelFileRoundTripTests.Bytes(new Leaf([1]))), "file", Kinds, reader =>
            {
                reader.Tensor<float>("weights");
                return reader.Tensor<float>("weights");
            }));
        Assert.Contains("'weights' is read twice", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_models_guards_throw_on_a_files_values_becomes_an_error_of_the_file()
    {
        var error = Assert.Throws<InvalidDataException>(() => ModelReader.Load(
            new MemoryStream(ModelFileRoundTripTests.Bytes(new Leaf([1]))), "file", Kinds, _
                => throw new ArgumentOutOfRangeException("Factors")));
        Assert.Contains("file: the values do not make a valid model", error.Message, StringComparison.Ordinal);
        Assert.IsType<ArgumentOutOfRangeException>(error.InnerException);
    }

    [Fact]
    public void A_kind_is_listed_once()
    {
        Assert.Contains("'test-leaf' of Leaf is already that of Leaf", Assert.Throws<ArgumentException>(() => Kinds.With<Leaf>()).Message,
            StringComparison.Ordinal);
        Assert.Equal(["test-everything", "test-leaf", "test-nest"], Kinds.Names);
        Assert.Contains(IdMap.Kind, ModelKinds.Standard.Names);
    }

    [Fact]
    public void A_summary_lists_what_a_file_holds()
    {
        var bytes = ModelFileRoundTripTests.Bytes(new Nest(new Leaf([1, 2]), Everything.Sample()));
        var summary = ModelFile.Inspect(new MemoryStream(bytes));
        Assert.Equal(("test-nest", 1, bytes.Length), (summary.Kind, summary.Version, summary.Length));
        Assert.Equal("Friday", summary.Values["known.choice"]);
        var tensor = Assert.Single(summary.Tensors, tensor => tensor.Name == "known.tensors.f32");
        Assert.Equal(("F32", 24), (tensor.Type, tensor.Bytes));
        Assert.Equal([3, 2], tensor.Shape);
        var text = summary.ToString();
        Assert.Contains("test-nest version 1, ", text, StringComparison.Ordinal);
        Assert.Contains("F32  [3, 2], 24 bytes", text, StringComparison.Ordinal);
        Assert.DoesNotContain(text.Replace("\n", "", StringComparison.Ordinal), char.IsControl);
    }
}

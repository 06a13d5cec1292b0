using Recsys.Persistence;

namespace Recsys.Tests.Persistence;

internal sealed class Leaf(float[] weights) : IModel<Leaf>
{
    public static string Kind => "test-leaf";

    public static int Version => 1;

    public float[] Weights { get; } = weights;

    public void Write(ModelWriter writer) => writer.Tensor("weights", Weights);

    public static Leaf Read(ModelReader reader) => new(reader.Tensor<float>("weights"));
}

internal sealed class Nest(object any, Everything known) : IModel<Nest>
{
    public static string Kind => "test-nest";

    public static int Version => 1;

    public object Any { get; } = any;

    public Everything Known { get; } = known;

    public void Write(ModelWriter writer)
    {
        writer.Model("any", Any);
        writer.Model("known", Known);
    }

    public static Nest Read(ModelReader reader) => new(reader.Model("any"), reader.Model<Everything>("known"));
}

/// <summary>One entry of every kind.</summary>
internal sealed record Everything : IModel<Everything>
{
    public static string Kind => "test-everything";

    public static int Version => 3;

    public string Text { get; init; } = "";
    public long Integer { get; init; }
    public double Real { get; init; }
    public bool Flag { get; init; }
    public DayOfWeek Choice { get; init; }
    public string[] Texts { get; init; } = [];
    public float[] F32 { get; init; } = [];
    public double[] F64 { get; init; } = [];
    public Half[] F16 { get; init; } = [];
    public sbyte[] I8 { get; init; } = [];
    public short[] I16 { get; init; } = [];
    public int[] I32 { get; init; } = [];
    public long[] I64 { get; init; } = [];
    public byte[] U8 { get; init; } = [];
    public ushort[] U16 { get; init; } = [];
    public uint[] U32 { get; init; } = [];
    public ulong[] U64 { get; init; } = [];
    public bool[] Bool { get; init; } = [];
    public float[] Free { get; init; } = [];
    public int[] Ids { get; init; } = [];
    public long[] Offsets { get; init; } = [0];

    public static Everything Sample() => new()
    {
        Text = "quotes \" and \\, line\nbreaks, ünïcödé, 推荐, 🎬, </script>, \0",
        Integer = long.MinValue,
        Real = 0.1,
        Flag = true,
        Choice = DayOfWeek.Friday,
        Texts = ["", "a", "推荐", "🎬 film"],
        F32 = [1.5f, -0f, float.MaxValue, float.Epsilon, 5, 6],
        F64 = [Math.PI, double.MinValue],
        F16 = [(Half)0.5, Half.MaxValue, (Half)3],
        I8 = [sbyte.MinValue, 1],
        I16 = [short.MinValue],
        I32 = [int.MinValue, int.MaxValue, 0],
        I64 = [long.MinValue, long.MaxValue],
        U8 = [0, 255, 7],
        U16 = [ushort.MaxValue],
        U32 = [uint.MaxValue],
        U64 = [ulong.MaxValue],
        Bool = [true, false, true],
        Free = [float.NaN, float.NegativeInfinity],
        Ids = [0, 9, 3],
        Offsets = [0, 0, 2, 3],
    };

    public void Write(ModelWriter writer)
    {
        writer.Text("text", Text);
        writer.Integer("integer", Integer);
        writer.Real("real", Real);
        writer.Flag("flag", Flag);
        writer.Choice("choice", Choice);
        writer.Texts("texts", Texts);
        var tensors = writer.Scope("tensors");
        tensors.Tensor("f32", F32, F32.Length / 2, 2);
        tensors.Tensor("f64", F64);
        tensors.Tensor("f16", F16);
        tensors.Tensor("i8", I8);
        tensors.Tensor("i16", I16);
        tensors.Tensor("i32", I32);
        tensors.Tensor("i64", I64);
        tensors.Tensor("u8", U8);
        tensors.Tensor("u16", U16);
        tensors.Tensor("u32", U32);
        tensors.Tensor("u64", U64);
        tensors.Tensor("bool", Bool);
        var deeper = tensors.Scope("deeper");
        deeper.Tensor("free", Free, allowNonFinite: true);
        deeper.Tensor("ids", new ReadOnlyMemory<int>(Ids));
        deeper.Tensor("offsets", Offsets);
    }

    public static Everything Read(ModelReader reader)
    {
        var tensors = reader.Scope("tensors");
        var deeper = tensors.Scope("deeper");
        var ids = deeper.Ids("ids", -1, 10);
        return new()
        {
            Text = reader.Text("text"),
            Integer = reader.Integer("integer"),
            Real = reader.Real("real"),
            Flag = reader.Flag("flag"),
            Choice = reader.Choice<DayOfWeek>("choice"),
            Texts = reader.Texts("texts"),
            F32 = tensors.Tensor<float>("f32", -1, 2),
            F64 = tensors.Tensor<double>("f64"),
            F16 = tensors.Tensor<Half>("f16", 3),
            I8 = tensors.Tensor<sbyte>("i8"),
            I16 = tensors.Tensor<short>("i16"),
            I32 = tensors.Tensor<int>("i32"),
            I64 = tensors.Tensor<long>("i64"),
            U8 = tensors.Tensor<byte>("u8"),
            U16 = tensors.Tensor<ushort>("u16"),
            U32 = tensors.Tensor<uint>("u32"),
            U64 = tensors.Tensor<ulong>("u64"),
            Bool = tensors.Tensor<bool>("bool"),
            Free = deeper.Tensor<float>("free", allowNonFinite: true),
            Ids = ids,
            Offsets = deeper.Offsets<long>("offsets", -1, ids.Length),
        };
    }

    public bool Equals(Everything? other)
        => other is not null && Text == other.Text && Integer == other.Integer && Real.Equals(other.Real) && Flag == other.Flag
            && Choice == other.Choice
            && Texts.SequenceEqual(other.Texts) && F32.SequenceEqual(other.F32) && F64.SequenceEqual(other.F64)
                && F16.SequenceEqual(other.F16)
            && I8.SequenceEqual(other.I8) && I16.SequenceEqual(other.I16) && I32.SequenceEqual(other.I32) && I64.SequenceEqual(other.I64)
            && U8.SequenceEqual(other.U8) && U16.SequenceEqual(other.U16) && U32.SequenceEqual(other.U32) && U64.SequenceEqual(other.U64)
            && Bool.SequenceEqual(other.Bool) && Free.SequenceEqual(other.Free) && Ids.SequenceEqual(other.Ids)
                && Offsets.SequenceEqual(other.Offsets);

    /// <summary>Uses the ids and offsets as a model would, so that forged ones crash here if they are let through.</summary>
    public static float[] Scores(Everything model)
    {
        var table = new float[10];
        var scores = new List<float>();
        foreach (var id in model.Ids) scores.Add(table[id] + id);
        for (var row = 0; row + 1 < model.Offsets.Length; row++)
            for (var i = model.Offsets[row]; i < model.Offsets[row + 1]; i++) scores.Add(model.Ids[i]);
        return [.. scores, .. model.F32, model.Texts.Sum(text => text.Length)];
    }

    public override int GetHashCode() => HashCode.Combine(Text, Integer);
}

using Recsys.Persistence;

namespace Recsys.Tests.Persistence;

public sealed class ModelFileRoundTripTests
{
    private static readonly ModelKinds Kinds = ModelKinds.None.With<Leaf>().With<Everything>().With<Nest>();

    [Fact]
    public void Every_kind_of_entry_comes_back_as_it_was()
    {
        var model = Everything.Sample();
        var copy = Copy(model);
        Assert.Equal(model, copy);
    }

    [Fact]
    public void Saving_twice_gives_the_same_bytes()
        => Assert.Equal(Bytes(Everything.Sample()), Bytes(Everything.Sample()));

    [Fact]
    public void A_stream_that_cannot_seek_is_read_to_its_end()
    {
        var model = new Leaf(Enumerable.Range(0, 300_000).Select(i => i * 0.5f).ToArray());
        Assert.Equal(model.Weights, ModelFile.Load<Leaf>(new ForwardOnly(Bytes(model))).Weights);
    }

    [Fact]
    public void A_model_of_any_listed_kind_lies_inside_another()
    {
        var nest = new Nest(new Leaf([1, 2]), Everything.Sample());
        var copy = (Nest)ModelFile.Load(new MemoryStream(Bytes(nest)), Kinds);
        Assert.Equal([1, 2], ((Leaf)copy.Any).Weights);
        Assert.Equal(Everything.Sample(), copy.Known);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(-0.0)]
    [InlineData(double.Epsilon)]
    [InlineData(double.MaxValue)]
    [InlineData(1.0 / 3)]
    public void Reals_keep_every_bit(double value)
        => Assert.Equal(BitConverter.DoubleToInt64Bits(value),
            BitConverter.DoubleToInt64Bits(Copy(Everything.Sample() with { Real = value }).Real));

    internal static byte[] Bytes<T>(T model) where T : IModel<T>
    {
        var stream = new MemoryStream();
        ModelFile.Save(stream, model, Kinds);
        return stream.ToArray();
    }

    private static T Copy<T>(T model) where T : IModel<T> => ModelFile.Load<T>(new MemoryStream(Bytes(model)), Kinds);

    private sealed class ForwardOnly(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 1000)]);
    }
}

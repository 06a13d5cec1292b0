using Recsys.Persistence;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Persistence;

public sealed class ModelFileContractTests
{
    private static readonly ModelKinds Kinds = ModelKinds.None.With<Leaf>().With<Everything>().With<Nest>();

    [Fact]
    public void A_model_with_every_kind_of_entry_passes() => ModelFileContract.Check(Everything.Sample(), Everything.Scores, Kinds);

    [Fact]
    public void A_model_with_models_inside_passes()
        => ModelFileContract.Check(new Nest(new Leaf([1, 2, 3]), Everything.Sample()), model
            => [.. ((Leaf)model.Any).Weights, .. Everything.Scores(model.Known)], Kinds);

    [Fact]
    public void A_model_that_trusts_its_ids_fails()
    {
        var error = Assert.ThrowsAny<Xunit.Sdk.XunitException>(()
            => ModelFileContract.Check(new Trusting([0, 1]), model => model.Scores(), Kinds));
        Assert.Contains("'ids'[0]", error.Message, StringComparison.Ordinal);
        Assert.Contains("then scoring failed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_allocates_by_a_forged_number_fails()
    {
        var error = Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => ModelFileContract.Check(new Greedy(3), _ => [1], Kinds));
        Assert.Contains("'count' = '2147483647'", error.Message, StringComparison.Ordinal);
    }

    private sealed class Trusting(int[] ids) : IModel<Trusting>
    {
        private static readonly float[] Table = [1, 2];

        public static string Kind => "test-trusting";

        public static int Version => 1;

        public float[] Scores() => [.. ids.Select(id => Table[id])];

        public void Write(ModelWriter writer) => writer.Tensor("ids", ids);

        public static Trusting Read(ModelReader reader) => new(reader.Tensor<int>("ids"));
    }

    private sealed class Greedy(int count) : IModel<Greedy>
    {
        public static string Kind => "test-greedy";

        public static int Version => 1;

        public byte[] Room { get; } = new byte[Math.Min(count, 10_000_000)];

        public void Write(ModelWriter writer) => writer.Integer("count", Room.Length);

        public static Greedy Read(ModelReader reader) => new(reader.Int32("count", 0));
    }
}

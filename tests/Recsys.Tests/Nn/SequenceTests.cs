using Recsys.Features;
using Recsys.Nn;

namespace Recsys.Tests.Nn;

public sealed class SequenceTests
{
    private readonly Tape _tape = new();

    [Fact]
    public void Gru_and_lstm_are_those_of_PyTorch()
    {
        NetworkFixture.Check("gru", scope =>
        {
            var layer = new Gru(scope, 6, 5);
            return (_, x, lengths) => layer.Of(new Sequences(x, lengths)).Values;
        });
        NetworkFixture.Check("lstm", scope =>
        {
            var layer = new Lstm(scope, 6, 5);
            return (_, x, lengths) => layer.Of(new Sequences(x, lengths)).Values;
        });
    }

    [Fact]
    public void The_forget_gate_of_an_lstm_begins_open()
    {
        var scope = ParameterScope.Initialise(1);
        _ = new Lstm(scope, 2, 3);
        var bias = scope.Parameters.Dense.Single(p => p.Name == "state.bias");
        Assert.Equal([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0], bias.Values.ToArray());
    }

    [Fact]
    public void Padded_and_ragged_sequences_give_the_same()
    {
        var scope = ParameterScope.Initialise(1);
        var (gru, positions) = (new Gru(scope.Scope("gru"), 3, 4), new PositionEmbedding(scope.Scope("at"), 3, 3, PositionOrigin.Latest));
        var x = new Sequences(X(6, 3), Segments.Ragged(_tape, [0, 2, 2, 6]));
        var ragged = gru.Of(positions.AddTo(x));
        var padded = gru.Of(positions.AddTo(x.Pad()));
        Assert.Equal(ragged.Values.Values.ToArray(), padded.Compact().Values.Values.ToArray());
        Assert.Equal(ragged.Last().Values.ToArray(), padded.Last().Values.ToArray());
        Assert.Equal([0f, 0f, 0f, 0f], ragged.Last().Values.Slice(4, 4).ToArray());
    }

    [Theory]
    [InlineData(PositionOrigin.Oldest, new[] { 0, 1, 0, 1, 2, 2 })]
    [InlineData(PositionOrigin.Latest, new[] { 1, 0, 2, 2, 1, 0 })]
    public void Places_are_counted_from_either_end_and_the_last_is_shared(PositionOrigin origin, int[] rows)
    {
        var scope = ParameterScope.Initialise(1);
        var layer = new PositionEmbedding(scope, 3, 2, origin);
        var y = layer.Of(Segments.Ragged(_tape, [0, 2, 2, 6]));
        var vector = new float[2];
        for (var k = 0; k < rows.Length; k++)
        {
            scope.Parameters.Tables[0].CopyRow(rows[k], vector);
            Assert.Equal(vector, y.Values.Slice(2 * k, 2).ToArray());
        }
    }

    [Fact]
    public void The_events_of_a_batch_are_looked_up_in_order()
    {
        var log = Recsys.Data.Interactions.From(
            [("u1", "i1", 5f, 10L), ("u1", "i2", 1f, 20L), ("u1", "i3", 4f, 30L), ("u2", "i4", 3f, 5L)]);
        var items = Columns.From(Enumerable.Range(0, 4)).Text("brand", i => $"b{i % 2}").InIdOrder();
        var features = new FeatureSchema(Feature.Id("item", Side.Item), Feature.Category("brand", Side.Item),
            Feature.Sequence("history", ["item", "brand"], 5), Feature.Label("like")).Fit(items: items, train: log);
        var examples = features.Examples(log, new() { Threshold = 4 });
        var batch = features.CreateBatch(4);
        features.Assemble(examples, 0, 4, batch);
        var events = batch.Sequence("history");
        var scope = ParameterScope.Initialise(3);
        var layer = new SequenceEmbedding(scope, features.Schema, "history", 3);
        var x = layer.Of(_tape, batch);
        Assert.Equal(new Shape(events.EventCount, 6), x.Values.Shape);
        Assert.NotEqual(0, events.EventCount);
        var vector = new float[3];
        for (var k = 0; k < events.EventCount; k++)
        {
            for (var part = 0; part < 2; part++)
            {
                scope.Parameters.Tables[part].CopyRow(events.Codes(part)[k], vector);
                Assert.Equal(vector, x.Values.Values.Slice(6 * k + 3 * part, 3).ToArray());
            }
        }
        Assert.Throws<ArgumentException>(() => new SequenceEmbedding(ParameterScope.Initialise(3), features.Schema, "item", 3));
    }

    [Fact]
    public void Segments_are_checked()
    {
        Assert.Throws<ArgumentException>(() => { Segments.Ragged(_tape, [0, 3, 2]); });
        Assert.Throws<ArgumentException>(() => { Segments.Ragged(_tape, [1, 2]); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { Segments.Padded(_tape, [3], 2); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { Segments.Padded(_tape, [-1], 2); });
        var segments = Segments.Ragged(_tape, [0, 2, 6]);
        Assert.Contains("[5, 3]", Assert.Throws<ArgumentException>(() => { new Sequences(X(5, 3), segments).Sum(); }).Message, StringComparison.Ordinal);
        Assert.Equal((2, 6, 6, 4, 0), (segments.Count, segments.Rows, segments.Total, segments.MaxLength, segments.PaddedLength));
    }

    [Fact]
    public void Errors_name_the_op_and_the_shapes()
    {
        Fails(() => X(2, 3).Times(X(2, 3)), "batched product", "[2, 3]");
        Fails(() => X(2, 3, 4).Attention(X(2, 5, 4), X(2, 4, 4), 2, 1), "attention", "[2, 5, 4]", "[2, 4, 4]");
        Fails(() => X(2, 3, 4).Attention(X(2, 5, 4), X(2, 5, 4), 3, 1), "attention", "3 heads");
        Fails(() => X(2, 3, 4).Attention(X(2, 5, 4), X(2, 5, 4), 2, 1, causal: true), "attention", "causal");
        Fails(() => X(2, 3, 8).SelfAttention(2, 1), "self attention", "[2, 3, 8]");
        Fails(() => X(2, 3).Softmax(Segments.Padded(_tape, [1, 1], 4)), "softmax", "[2, 3]");
        Fails(() => X(2, 3).PairProducts(), "pair products", "[2, 3]");
        Fails(() => X(2, 3, 4, 5).CrossInner(), "cross pairs", "[2, 3, 4, 5]");
        Fails(() => X(2, 3).ScaleRows(X(3)), "scale rows", "[2, 3]", "[3]");
        Fails(() => X(2, 3).SwapAxes(0, 2), "swap axes", "[2, 3]");
        Fails(() => LayerNormOp.Of(X(2, 3), X(2), X(2), 1), "layer norm", "[2, 3]", "[2]");
        Fails(() => GruOp.Of(X(2, 6), X(2, 5), X(6), Segments.Ragged(_tape, [0, 2])), "gru", "[2, 6]", "[2, 5]");
        Fails(() => LstmOp.Of(X(2, 8), X(2, 8), X(6), Segments.Ragged(_tape, [0, 2])), "lstm", "[6]");
    }

    private static void Fails(Func<Tensor> call, params string[] named)
    {
        var message = Assert.Throws<ArgumentException>(() => { call(); }).Message;
        foreach (var name in named) Assert.Contains(name, message, StringComparison.Ordinal);
    }

    private Tensor X(params int[] sizes)
        => _tape.Constant(new Shape(sizes), [.. Enumerable.Range(0, new Shape(sizes).Length).Select(i => MathF.Sin(i + 1))]);
}

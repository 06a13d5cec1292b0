using Recsys.Nn;

namespace Recsys.Tests.Nn;

public sealed class TapeTests
{
    [Fact]
    public void A_shape_without_axes_is_a_single_number()
    {
        Assert.Equal(1, default(Shape).Length);
        Assert.Equal(1, new Shape([]).Length);
        Assert.Equal(new Shape([]), default);
        Assert.Equal(2.5f, new Tape().Constant(2.5f).Values[0]);
    }

    [Fact]
    public void A_gradient_is_scaled_and_adds_up_over_uses_of_a_parameter()
    {
        var scope = ParameterScope.Initialise(1);
        var p = scope.Parameter("p", Initializer.Constant(3), 2);
        var tape = new Tape(TapeMode.Differentiate);
        var (a, b) = (tape.Use(p), tape.Use(p));
        tape.Backward((a * b).RowSum(), 0.5f);
        Assert.Equal([1.5f, 1.5f], a.Gradient.ToArray());
        Assert.Equal([1.5f, 1.5f], b.Gradient.ToArray());

        tape.Reset();
        var sink = new ShardGradients(scope.Parameters);
        tape.Sink = sink;
        tape.Backward((tape.Use(p) * tape.Use(p)).RowSum(), 0.5f);
        Assert.Equal([3f, 3f], sink.Dense(p, out _).Span.ToArray());
    }

    [Fact]
    public void What_leads_nowhere_gets_no_gradient()
    {
        var tape = new Tape(TapeMode.Differentiate);
        var p = tape.Use(ParameterScope.Initialise(1).Parameter("p", Initializer.Ones, 3));
        var constant = tape.Constant(new Shape(3), [1, 2, 3]);
        var aside = 2 * p;
        tape.Backward((p * constant).RowSum());
        Assert.Equal([1f, 2f, 3f], p.Gradient.ToArray());
        Assert.True(constant.Gradient.IsEmpty);
        Assert.True(aside.Gradient.IsEmpty);
    }

    [Fact]
    public void The_first_number_that_is_not_finite_is_named()
    {
        var scope = ParameterScope.Initialise(1);
        var p = scope.Parameter("net.p", Initializer.Constant(1e30f), 3);
        var tape = new Tape();
        Assert.Null(tape.FirstNonFinite());
        _ = tape.Use(p) * tape.Use(p) + 1;
        Assert.StartsWith("op 'multiply' [3] of ('net.p', 'net.p') gave", tape.FirstNonFinite());
        p.Mutable[1] = float.NaN;
        Assert.Equal("parameter 'net.p' holds NaN at 1", tape.FirstNonFinite());
    }

    [Theory]
    [InlineData(TablePrecision.Half, 1f / 2048)]
    [InlineData(TablePrecision.Int8, 1f / 254)]
    public void Tables_of_fewer_bits_are_as_good_as_they_say(TablePrecision precision, float error)
    {
        var table = ParameterScope.Initialise(5).Table("t", 40, 17, Initializer.Normal(0.3f));
        var exact = table.Mutable.ToArray();
        table = new EmbeddingTable("t", 0, PackedRows.From(exact, 40, 17, precision, "t"));
        var y = Lookup.Begin(new Tape(), table, new Shape(40, 17), 40, true, null, null, out var picks);
        for (var row = 0; row < 40; row++) (picks.Rows[row], picks.Slots[row], picks.Scales[row]) = (row, row, 2);
        Lookup.Finish(y, picks, 1);
        for (var row = 0; row < 40; row++)
        {
            var largest = exact.AsSpan(row * 17, 17).ToArray().Max(Math.Abs);
            for (var k = row * 17; k < (row + 1) * 17; k++) Assert.InRange(y.Values[k] - 2 * exact[k], -2.01f * error * largest, 2.01f * error * largest);
        }
    }
}

using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>Errors of shapes name the op and both shapes.</summary>
public sealed class OpErrorTests
{
    private readonly Tape _tape = new(TapeMode.Differentiate);

    [Fact]
    public void Add() => Fails(() => X(2, 3) + X(2), "add", "[2, 3]", "[2]");

    [Fact]
    public void Subtract() => Fails(() => X(2, 3) - X(3), "subtract", "[2, 3]", "[3]");

    [Fact]
    public void Multiply() => Fails(() => X(2, 3) * X(3, 2), "multiply", "[2, 3]", "[3, 2]");

    [Fact]
    public void Reshape()
    {
        Fails(() => X(2, 3).Reshape(4, 2), "reshape", "[2, 3]", "[4, 2]");
        Fails(() => X(2, 3).Reshape(4, -1), "reshape", "[2, 3]", "[4, 1]");
    }

    [Fact]
    public void Linear()
    {
        Fails(() => LinearOp.Of(X(2, 3), X(4, 5), null, false), "linear", "[2, 3]", "[4, 5]");
        Fails(() => LinearOp.Of(X(2, 3), X(3), null, false), "linear", "[2, 3]", "[3]");
        Fails(() => LinearOp.Of(X(2, 3), X(3, 5), X(3), false), "linear", "[3, 5]", "[3]");
    }

    [Fact]
    public void Bi_interaction() => Fails(() => X(2, 3).BiInteraction(), "bi-interaction", "[2, 3]");

    [Fact]
    public void Log_loss() => Fails(() => X(3).LogLoss([1, 0]), "log loss", "3", "2");

    [Fact]
    public void Concat_and_slice()
    {
        Fails(() => InteractionOps.Concat(X(2, 3), X(3, 3)), "concat", "[2, 3]", "[3, 3]");
        Fails(() => InteractionOps.Concat(X(2, 3), X(2)), "concat", "[2, 3]", "[2]");
        Fails(() => InteractionOps.Concat(), "concat");
        Assert.Contains("[2, 3]", Assert.Throws<ArgumentOutOfRangeException>(() => X(2, 3).Columns(2, 2)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => X(2, 3).Columns(-1, 2));
    }

    [Fact]
    public void Activations()
    {
        Fails(() => X(2, 3).PRelu(X(2)), "prelu", "[2, 3]", "[2]");
        Fails(() => X(2, 3).Dice(X(3, 2), X(3)), "dice", "[2, 3]", "[3, 2]");
        Fails(() => X(2, 3).Dice(X(2, 3), X(2)), "dice", "[2, 3]", "[2]");
        Assert.Throws<ArgumentOutOfRangeException>(() => X(2).Dropout(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => X(2).Dropout(float.NaN));
    }

    [Fact]
    public void Interactions()
    {
        Fails(() => X(2, 3).InnerProducts(), "inner products", "[2, 3]");
        Fails(() => X(2, 3).OuterProduct(), "outer product", "[2, 3]");
        Fails(() => Cross.Of(X(2, 3), X(3, 3), X(3, 3), X(3)), "cross", "[2, 3]", "[3, 3]");
        Fails(() => Cross.Of(X(2, 3), X(2, 3), X(3, 2), X(3)), "cross", "[2, 3]", "[3, 2]");
        Fails(() => Cross.Of(X(2, 3), X(2, 3), X(3, 3), X(2)), "cross", "[2, 3]", "[2]");
        var mean = ParameterScope.Initialise(1).Statistic("mean", Initializer.Zeros, 2);
        Fails(() => BatchNormOp.Of(X(2, 3), null, null, mean, mean, 0.1f, 1), "batch norm", "[2, 3]", "[2]");
    }

    [Fact]
    public void Losses()
    {
        Fails(() => X(3).SquaredError([1, 0]), "squared error", "3", "2");
        Fails(() => X(3).Hinge([1, 0, 1], [1]), "hinge", "3", "1");
        Fails(() => X(3).PairwiseLoss(X(2)), "pairwise loss", "[3]", "[2]");
        Fails(() => X(3).SoftmaxCrossEntropy([0, 1, 2]), "softmax loss", "[3]");
        Fails(() => X(3, 2).SoftmaxCrossEntropy([0, 1]), "softmax loss", "2 targets", "3");
        Fails(() => X(3, 2).SampledSoftmax([0, 1, 1], [1, 1, 1, 1]), "softmax loss", "4 log probabilities", "2 are needed, or 6");
        Assert.Contains("row 1", Assert.Throws<ArgumentOutOfRangeException>(() => X(3, 2).SoftmaxCrossEntropy([0, 2, 1])).Message);
        Fails(() => LossOps.WeightedSum([X(2)], [1, 2]), "weighted sum", "1 losses", "2 weights");
    }

    [Fact]
    public void Tensors_of_two_tapes_or_of_a_rewound_one_do_not_meet()
    {
        Assert.Contains("tape", Assert.Throws<ArgumentException>(() => X(2) + new Tape().Constant(1)).Message);
        var old = X(2);
        _tape.Reset();
        Assert.Contains("reset", Assert.Throws<ArgumentException>(() => _tape.Constant(1) + old).Message);
    }

    [Fact]
    public void A_constant_needs_as_many_values_as_its_shape()
        => Assert.Contains("[2, 2]", Assert.Throws<ArgumentException>(() => _tape.Constant(new Shape(2, 2), [1, 2, 3])).Message);

    [Fact]
    public void A_tape_for_serving_does_not_go_back()
        => Assert.Throws<InvalidOperationException>(() => { var tape = new Tape(); tape.Backward(tape.Constant(1)); });

    private Tensor X(params int[] sizes) => _tape.Constant(new Shape(sizes), new float[new Shape(sizes).Length]);

    private static void Fails(Func<Tensor> call, params string[] named)
    {
        var message = Assert.Throws<ArgumentException>(() => { call(); }).Message;
        foreach (var name in named) Assert.Contains(name, message, StringComparison.Ordinal);
    }
}

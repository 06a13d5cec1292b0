using Recsys.Nn;
using Recsys.Numerics;

namespace Recsys.Tests.Nn;

/// <summary>Rows of one number are stepped many at a time; each must get the bits that a dense weight gets.</summary>
public sealed class SingleRowTests
{
    public static TheoryData<Optimizer> Optimizers
        => [new Adam { WeightDecay = 0.01f }, new Sgd(), new Sgd { Momentum = 0.9f }, new Adagrad(), new Ftrl { L1 = 0.01f }];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void A_row_of_one_number_steps_as_a_weight_does(Optimizer optimizer)
    {
        const int Rows = 300;
        var scope = ParameterScope.Initialise(5);
        var weights = scope.Parameter("dense", Initializer.Normal(1), Rows);
        var table = scope.Table("table", Rows, 1, Initializer.Zeros);
        weights.Values.CopyTo(table.Mutable);
        var states = new OptimizerStates(scope.Parameters, optimizer);
        var gradient = new float[Rows];
        for (var step = 0; step < 3; step++)
        {
            new Rng(6, (ulong)step).FillNormal(0, gradient);
            states.Begin(1);
            var sums = new RowSums(table, new int[Rows]);
            // In an order of its own.
            for (var i = 0; i < Rows; i++) sums.Add(i * 7 % Rows, gradient.AsSpan(i * 7 % Rows, 1), 1);
            states.Update(table, sums);
            states.Update(weights, 0, Rows, gradient);
            Assert.Equal(weights.Values.ToArray(), table.Mutable.ToArray());
        }
    }
}

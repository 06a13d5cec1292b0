using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>
/// One call of an op: its inputs, how it is called, and the same in double in the most obvious way. <see cref="OpTests"/> compares values,
/// and gradients with central differences of the twin.
/// </summary>
internal sealed class OpCase
{
    /// <summary>The op; the call must push it.</summary>
    public required Type Op { get; init; }

    public required string Name { get; init; }

    /// <summary>What the op gets, all of which learn.</summary>
    public required OpInput[] Inputs { get; init; }

    /// <summary>The call on a tape. It must not allocate.</summary>
    public required Func<OpCall, Tensor> Call { get; init; }

    /// <summary>The elements of the output, row-major, from those of the inputs.</summary>
    public required Func<double[][], double[]> Twin { get; init; }

    /// <summary>The mode in which gradients are checked; an op that behaves otherwise in training has cases of both.</summary>
    public TapeMode Mode { get; init; } = TapeMode.Differentiate;

    public override string ToString() => $"{Op.Name}: {Name}";
}

/// <summary>An input of a case: drawn away from 0, where many functions have a kink, or given.</summary>
/// <param name="Sizes">Of its axes; of a table rows and dimension.</param>
/// <param name="IsTable">Whether it is an embedding table.</param>
/// <param name="Given">Its values; null to draw them.</param>
/// <param name="IsStatistic">Whether it is a statistic, which the op reads (and moves in training) but never differentiates.</param>
internal sealed record OpInput(int[] Sizes, bool IsTable = false, float[]? Given = null, bool IsStatistic = false);

/// <summary>What a call of an op works with.</summary>
internal sealed class OpCall
{
    public required Tape Tape { get; init; }

    public required Tensor[] Tensors { get; init; }

    public required EmbeddingTable?[] Tables { get; init; }

    public required Parameter?[] Parameters { get; init; }

    public Tensor this[int input] => Tensors[input];

    public EmbeddingTable Table(int input) => Tables[input]!;

    public Parameter Statistic(int input) => Parameters[input]!;
}

/// <summary>A list of cases; every class derived from it is found and checked.</summary>
internal abstract class OpCases
{
    public abstract IEnumerable<OpCase> All();

    /// <summary>Numbers drawn for that shape, of magnitude 0.1 to 1 and either sign.</summary>
    protected static OpInput Drawn(params int[] sizes) => new(sizes);

    /// <summary>A table of drawn numbers.</summary>
    protected static OpInput Table(int rows, int dimension) => new([rows, dimension], IsTable: true);

    /// <summary>A statistic of an op.</summary>
    protected static OpInput Statistic(params float[] values) => new([values.Length], Given: values, IsStatistic: true);

    /// <summary>Given numbers.</summary>
    protected static OpInput Given(int[] sizes, params float[] values) => new(sizes, Given: values);

    protected static OpCase Case<TOp>(
        string name, OpInput[] inputs, Func<OpCall, Tensor> call, Func<double[][], double[]> twin, TapeMode mode = TapeMode.Differentiate)
        where TOp : Op
        => new() { Op = typeof(TOp), Name = name, Inputs = inputs, Call = call, Twin = twin, Mode = mode };
}

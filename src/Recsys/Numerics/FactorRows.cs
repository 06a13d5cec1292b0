using System.Numerics.Tensors;

namespace Recsys.Numerics;

/// <summary>How parameters step along a gradient g: plain, p ← p - η g, or adaptive (AdaGrad), G ← G + g², p ← p - η g / √G.</summary>
/// <param name="Adaptive">Whether by AdaGrad, which takes the sum of a batch's gradients; else the mean is taken.</param>
/// <param name="Rate">η.</param>
/// <param name="VectorPenalty">λ of vectors, for each unit of mass that touches a row.</param>
/// <param name="WeightPenalty">λ of weights, likewise.</param>
internal readonly record struct RowStep(bool Adaptive, float Rate, float VectorPenalty, float WeightPenalty);

/// <summary>
/// The parameters of a factorisation over sparse columns while it is trained: for each row (column of the data) a vector v and a weight w,
/// each with its sum of squared gradients G.
/// </summary>
internal sealed class FactorRows
{
    /// <param name="rows">How many columns the data has.</param>
    /// <param name="vectorRows">How many of them, from the first on, have a vector.</param>
    /// <param name="width">Floats in a vector.</param>
    /// <param name="weights">Whether rows have weights.</param>
    /// <param name="adaptive">Whether G is kept.</param>
    /// <param name="start">The first value of G, positive.</param>
    public FactorRows(int rows, int vectorRows, int width, bool weights, bool adaptive, float start)
    {
        if ((long)vectorRows * (width + 16L) > Array.MaxLength)
            throw new ArgumentException(
                $"{vectorRows} rows of {width} factors are more than one array holds; take fewer factors, or hash features " +
                "into fewer values.");
        (Rows, BiasSquares) = (rows, start);
        Vectors = new AlignedRows(vectorRows, width);
        Weights = weights ? new float[2 * rows] : [];
        if (!adaptive) return;
        Squares = new AlignedRows(vectorRows, width);
        for (var row = 0; row < vectorRows; row++) Squares.Padded(row).Fill(start);
        for (var i = 1; i < Weights.Length; i += 2) Weights[i] = start;
    }

    public int Rows { get; }

    public AlignedRows Vectors { get; }

    /// <summary>G of the vectors; null for plain steps.</summary>
    public AlignedRows? Squares { get; }

    /// <summary>w and its G by turns; empty without weights. [2 · rows]</summary>
    public float[] Weights { get; }

    /// <summary>The weight of every example, w₀.</summary>
    public float Bias { get; set; }

    /// <summary>Whether the bias takes steps.</summary>
    public bool LearnsBias { get; init; } = true;

    /// <summary>G of the bias.</summary>
    private float BiasSquares { get; set; }

    /// <summary>The parameters as they are now; the bias of later steps is not in it.</summary>
    public FactorTable Table => new(Bias, Weights, Vectors, 2);

    /// <summary>A step of the bias.</summary>
    /// <param name="gradient">The sum over a batch.</param>
    /// <param name="mass">What its examples count.</param>
    /// <param name="step">Without a penalty here.</param>
    public void StepBias(float gradient, float mass, in RowStep step)
    {
        if (!LearnsBias || mass <= 0) return;
        if (step.Adaptive)
        {
            BiasSquares += gradient * gradient;
            Bias -= step.Rate * gradient / MathF.Sqrt(BiasSquares);
        }
        else
        {
            Bias -= step.Rate * gradient / mass;
        }
    }

    /// <summary>Memory for a copy of what a model is made of.</summary>
    public FactorRows Like() => new(Rows, Vectors.Rows, Vectors.Columns, Weights.Length > 0, false, 1);

    /// <summary>Copies what a model is made of; sums of squares stay as they are.</summary>
    public void CopyTo(FactorRows other)
    {
        other.Bias = Bias;
        for (var row = 0; row < Vectors.Rows; row++) Vectors[row].CopyTo(other.Vectors[row]);
        for (var i = 0; i < Weights.Length; i += 2) other.Weights[i] = Weights[i];
    }

    /// <summary>Whether every parameter is a number.</summary>
    public bool IsFinite()
    {
        var finite = float.IsFinite(Bias);
        for (var row = 0; finite && row < Vectors.Rows; row++) finite = TensorPrimitives.IsFiniteAll<float>(Vectors[row]);
        for (var i = 0; finite && i < Weights.Length; i += 2) finite = float.IsFinite(Weights[i]);
        return finite;
    }

    /// <summary>First factors of rows without an older model; rows of one keep what it learned.</summary>
    /// <param name="columns">The old row of each row, -1 for none; null without an older model.</param>
    /// <param name="old">The older parameters.</param>
    /// <param name="draw">Draws the first factors of a row.</param>
    public void Start(int[]? columns, in FactorTable old, Action<int, Span<float>> draw)
    {
        for (var row = 0; row < Rows; row++)
        {
            var then = columns is null ? -1 : columns[row];
            if (Weights.Length > 0 && then >= 0 && old.Weights.Length > 0) Weights[2 * row] = old.Weights[then];
            if (row >= Vectors.Rows) continue;
            if (then >= 0) old.Vectors[then].CopyTo(Vectors[row]);
            else draw(row, Vectors[row]);
        }
    }

    /// <summary>What was learned. A row that no example touched is 0, so that an unknown value adds nothing.</summary>
    public FactorTable Finish(SparseMatrix x, int[]? columns)
    {
        var touched = new bool[Rows];
        foreach (var column in x.Columns) touched[column] = true;
        var weights = new float[Weights.Length / 2];
        for (var row = 0; row < Rows; row++)
        {
            touched[row] |= columns is not null && columns[row] >= 0;
            if (weights.Length > 0 && touched[row]) weights[row] = Weights[2 * row];
            if (row < Vectors.Rows && !touched[row]) Vectors[row].Clear();
        }
        return new FactorTable(Bias, weights, Vectors);
    }
}

/// <summary>The parameters of a factorisation: while it is trained, or of a finished model, not to be changed any more.</summary>
/// <param name="Bias">w₀.</param>
/// <param name="Weights">w of each row; empty without weights.</param>
/// <param name="Vectors">v of each row that has one.</param>
/// <param name="Step">From one w to the next.</param>
internal readonly record struct FactorTable(float Bias, float[] Weights, AlignedRows Vectors, int Step = 1)
{
    /// <summary>Σ x w.</summary>
    public float Linear(SparseRow row) => FactorKernel.Linear(Weights, Step, row.Columns, row.Values);
}

using Recsys.Features;

namespace Recsys.Rank;

public sealed partial class Gbdt : IScoreExplainer
{
    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">
    /// The model was trained on a bare matrix, so it has no schema; or it has several classes, and so no one raw score.
    /// </exception>
    public void Explain(ExampleBatch batch, Span<double> contributions)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_input is null)
            throw new InvalidOperationException("This model was trained on a matrix, not on a feature schema; use Contributions.");
        if (OutputCount > 1)
            throw new InvalidOperationException($"This model has a raw score for each of {OutputCount} classes; use Contributions.");
        var length = batch.Count * (Trees.ColumnCount + 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(contributions.Length, length, nameof(contributions));
        var rows = _input.Rent(batch);
        Contributions(rows.Values, contributions[..length]);
        _input.Return(rows);
    }

    /// <summary>How much the trees rely on each feature (each column, where the model has no schema). Greatest gain first.</summary>
    public IReadOnlyList<FeatureImportance> Importance() => Layout is { } layout
        ? FeatureImportance.ByFeature(Trees, layout)
        : FeatureImportance.ByColumn(Trees, [.. Enumerable.Range(0, Trees.ColumnCount).Select(column => $"column {column}")]);

    /// <summary>
    /// What each column adds to the raw score of each row, by exact TreeSHAP: see <see cref="Recsys.Trees.TreeEnsemble.Contributions"/>.
    /// Allocates nothing after warm-up.
    /// </summary>
    /// <param name="x">[count, columns], row-major; NaN is missing.</param>
    /// <param name="contributions">
    /// Receives for each row and class one number for each column and, last, the expected score; they add up to the raw score.
    /// [count, outputs, columns + 1]
    /// </param>
    public void Contributions(ReadOnlySpan<float> x, Span<double> contributions)
    {
        Trees.Contributions(x, contributions);
        var width = Trees.ColumnCount + 1;
        for (var i = 0; i < contributions.Length / width; i++)
            contributions[(i * width) + Trees.ColumnCount] += _starts[i % OutputCount];
    }
}

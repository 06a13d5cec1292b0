// f_k(x) = s_k + Σ_m T_mk(x), as another tool trained it; the score is the link of f.

using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>
/// Boosted trees that XGBoost or LightGBM trained, in the compact form of <see cref="Gbdt"/>: read by <see cref="XGBoostModel"/> and
/// <see cref="LightGbmModel"/>. Immutable, thread-safe.
/// </summary>
/// <remarks>
/// Rows are floats, in the order of the columns that the model was trained with; NaN is missing. LightGBM itself takes doubles: a value
/// that a float does not hold exactly may fall on the other side of a threshold next to it. A category that is no whole number is an
/// unknown one here; both tools cut off its fraction.
/// </remarks>
public sealed class ImportedTrees : IRanker, IScoreExplainer, IFeatureModel, IModel<ImportedTrees>
{
    private const int Block = 256;
    private readonly float[] _starts;
    private readonly int[] _sources;
    private readonly bool[] _zeroIsMissing;
    private readonly bool _plain;
    private readonly int _rounds;
    private readonly DenseInput? _input;
    private readonly ScratchPool<Scratch> _pool = new(static () => new Scratch());
    private TreeShap? _shap;

    // sources: the column of a row behind each column of the trees; several where the trees differ in whether 0 is missing there.
    internal ImportedTrees(string origin, TreeEnsemble trees, float[] starts, ScoreLink link, string[] columns, int[] sources,
        bool[] zeroIsMissing, float slope = 1, DenseInput? input = null)
    {
        if (starts.Length != trees.OutputCount) throw new ArgumentException($"{starts.Length} starts, {trees.OutputCount} outputs.");
        if (sources.Length != trees.ColumnCount || zeroIsMissing.Length != sources.Length)
            throw new ArgumentException($"{sources.Length} sources for {trees.ColumnCount} columns.");
        (Origin, Trees, _starts, Link, Columns) = (origin, trees, starts, link, columns);
        (_sources, _zeroIsMissing, LinkSlope, _input) = (sources, zeroIsMissing, slope, input);
        _plain = !zeroIsMissing.Contains(true) && sources.Length == columns.Length;
        for (var i = 0; i < sources.Length; i++) _plain &= sources[i] == i;
        // LightGBM adds doubles up; floats over a few rounds at a time come as near as leaves in floats can.
        _rounds = origin.StartsWith(LightGbmModel.Origin, StringComparison.Ordinal) ? 8 : Math.Max(1, trees.TreeCount);
        if (input is not null && input.Layout.ColumnCount != columns.Length)
            throw new ArgumentException(
                $"The model takes {columns.Length} columns ({Some(columns)}); the layout has {input.Layout.ColumnCount}.");
    }

    /// <summary>The tool and the version of its format, "xgboost 1.7.4".</summary>
    public string Origin { get; }

    /// <summary>
    /// The trees; tree t adds to output t mod <see cref="OutputCount"/>. Where the other tool takes 0 for missing they have columns of
    /// their own: score with this class.
    /// </summary>
    public TreeEnsemble Trees { get; }

    /// <summary>The names of the columns of a row.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>Scores of a row: 1, or the number of classes.</summary>
    public int OutputCount => _starts.Length;

    /// <summary>What becomes of raw scores.</summary>
    public ScoreLink Link { get; }

    /// <summary>
    /// What raw scores are multiplied by before the link: LightGBM's <c>sigmoid</c>, 1 / rounds for a random forest; else 1.
    /// </summary>
    public float LinkSlope { get; }

    /// <summary>The raw scores before the first tree. [outputs]</summary>
    public IReadOnlyList<float> BaseScores => _starts;

    /// <inheritdoc/>
    public FittedSchema? Schema => _input?.Schema;

    /// <inheritdoc/>
    public DenseLayout? Layout => _input?.Layout;

    /// <summary>The same model as a ranker over encoded features, whose columns must be those that it was trained with.</summary>
    /// <param name="schema">How features are encoded.</param>
    /// <param name="layout">
    /// Which features become columns, and how, in the order of <see cref="Columns"/>; null for all, codes as numbers, missing as NaN.
    /// </param>
    /// <exception cref="ArgumentException">The number of columns differs, or the model has several outputs.</exception>
    public ImportedTrees With(FittedSchema schema, DenseLayoutOptions? layout = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (OutputCount > 1) throw new ArgumentException($"The model gives {OutputCount} scores for a row; a ranker gives one.");
        return new ImportedTrees(Origin, Trees, _starts, Link, [.. Columns], _sources, _zeroIsMissing, LinkSlope,
            new DenseInput(schema, layout ?? new DenseLayoutOptions { MissingAsNaN = true }));
    }

    /// <summary>Scores a batch. Allocates nothing after warm-up.</summary>
    /// <exception cref="InvalidOperationException">The model has no schema; see <see cref="With"/>.</exception>
    public void Score(ExampleBatch batch, Span<float> scores)
    {
        var input = Input(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        var rows = input.Rent(batch);
        Predict(rows.Values, scores[..batch.Count]);
        input.Return(rows);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The model has no schema; see <see cref="With"/>.</exception>
    public void Explain(ExampleBatch batch, Span<double> contributions)
    {
        var input = Input(batch);
        var length = batch.Count * (Columns.Count + 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(contributions.Length, length, nameof(contributions));
        var rows = input.Rent(batch);
        Contributions(rows.Values, contributions[..length]);
        input.Return(rows);
    }

    /// <summary>Scores the rows of a matrix as the tool that trained the model would. Allocates nothing after warm-up.</summary>
    /// <param name="x">[count, columns], row-major; NaN is missing.</param>
    /// <param name="scores">[count, outputs], row-major.</param>
    public void Predict(ReadOnlySpan<float> x, Span<float> scores)
    {
        RawScores(x, scores);
        if (LinkSlope != 1) Elementwise.Scale(LinkSlope, scores);
        Link.Apply(scores, OutputCount);
    }

    /// <summary>Raw scores of the rows of a matrix. Allocates nothing after warm-up.</summary>
    /// <param name="x">[count, columns], row-major; NaN is missing.</param>
    /// <param name="scores">[count, outputs], row-major.</param>
    public void RawScores(ReadOnlySpan<float> x, Span<float> scores)
    {
        var count = Rows(x, scores.Length, OutputCount);
        var rounds = Trees.TreeCount / OutputCount;
        var scratch = _pool.Rent();
        Span<float> part = stackalloc float[Block];
        Span<double> sums = stackalloc double[Block];
        for (var start = 0; start < count; start += Block)
        {
            var inside = Math.Min(Block, count - start);
            var rows = Prepare(x.Slice(start * Columns.Count, inside * Columns.Count), inside, scratch);
            for (var output = 0; output < OutputCount; output++)
            {
                sums[..inside].Fill(_starts[output]);
                for (var round = 0; round < rounds; round += _rounds)
                {
                    // The first part goes on from the start, so that one part of all rounds is a sum of floats, as XGBoost has it.
                    for (var i = 0; i < inside; i++) part[i] = round == 0 ? (float)sums[i] : 0;
                    if (round == 0) sums[..inside].Clear();
                    Trees.AddTo(output, round, Math.Min(_rounds, rounds - round), rows, part[..inside]);
                    for (var i = 0; i < inside; i++) sums[i] += part[i];
                }
                for (var i = 0; i < inside; i++) scores[((start + i) * OutputCount) + output] = (float)sums[i];
            }
        }
        _pool.Return(scratch);
    }

    /// <summary>
    /// What each column adds to the raw scores of each row, by exact TreeSHAP: see <see cref="TreeEnsemble.Contributions"/>. Allocates
    /// nothing after warm-up.
    /// </summary>
    /// <param name="x">[count, columns], row-major; NaN is missing.</param>
    /// <param name="contributions">
    /// Receives for each row and output one number for each column and, last, the expected score; they add up to the raw score.
    /// [count, outputs, columns + 1]
    /// </param>
    public void Contributions(ReadOnlySpan<float> x, Span<double> contributions)
    {
        var width = Columns.Count + 1;
        var count = Rows(x, contributions.Length, OutputCount * width);
        var shap = _shap ??= new TreeShap(Trees, _sources);
        var scratch = _pool.Rent();
        contributions.Clear();
        for (var i = 0; i < contributions.Length / width; i++) contributions[((i + 1) * width) - 1] = _starts[i % OutputCount];
        for (var start = 0; start < count; start += PathIntegrals.Lanes)
        {
            var inside = Math.Min(PathIntegrals.Lanes, count - start);
            var rows = Prepare(x.Slice(start * Columns.Count, inside * Columns.Count), inside, scratch);
            for (var output = 0; output < OutputCount; output++)
                shap.Add(rows, inside, output, OutputCount, contributions[(((start * OutputCount) + output) * width)..], width,
                    width * OutputCount);
        }
        _pool.Return(scratch);
    }

    /// <summary>The leaf that each row reaches in each tree. Allocates nothing after warm-up.</summary>
    /// <param name="x">[count, columns], row-major; NaN is missing.</param>
    /// <param name="leaves">Receives leaf numbers over all trees, see <see cref="TreeEnsemble.Leaves"/>. [count, trees]</param>
    public void Leaves(ReadOnlySpan<float> x, Span<int> leaves)
    {
        var count = Rows(x, leaves.Length, Math.Max(1, Trees.TreeCount));
        var scratch = _pool.Rent();
        for (var i = 0; i < count; i++)
            Trees.Leaves(Prepare(x.Slice(i * Columns.Count, Columns.Count), 1, scratch), 1, leaves[(i * Trees.TreeCount)..]);
        _pool.Return(scratch);
    }

    /// <summary>How much the trees rely on each column. Greatest gain first.</summary>
    public IReadOnlyList<FeatureImportance> Importance() => FeatureImportance.Sum(Trees, _sources, Columns);

    private int Rows(ReadOnlySpan<float> x, int length, int width)
    {
        var count = length / width;
        if (length % width != 0) throw new ArgumentException($"The answers of a row are {width} numbers; {length} is no multiple of it.");
        if (x.Length != (long)count * Columns.Count)
            throw new ArgumentException($"{count} rows of {Columns.Count} columns are {(long)count * Columns.Count} numbers; " +
                $"{x.Length} were given.", nameof(x));
        return count;
    }

    // Rows as the trees take them: [count, columns of the trees].
    private ReadOnlySpan<float> Prepare(ReadOnlySpan<float> x, int count, Scratch scratch)
    {
        if (_plain) return x;
        var (from, to) = (Columns.Count, _sources.Length);
        var rows = scratch.Rows(count * to);
        for (var i = 0; i < count; i++)
        {
            for (var column = 0; column < to; column++)
            {
                var value = x[(i * from) + _sources[column]];
                // LightGBM takes what is this close to 0 for 0.
                rows[(i * to) + column] = _zeroIsMissing[column] && MathF.Abs(value) <= 1e-35f ? float.NaN : value;
            }
        }
        return rows;
    }

    private DenseInput Input(ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return _input ?? throw new InvalidOperationException($"This model knows columns, not features; call {nameof(With)} first.");
    }

    private static string Some(string[] names) => string.Join(", ", names.Take(5)) + (names.Length > 5 ? ", …" : "");

    /// <inheritdoc/>
    public static string Kind => "imported-trees";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        DenseInput.Write(writer, _input);
        Trees.WriteAll(writer.Scope("trees"));
        writer.Text("origin", Origin);
        writer.Choice("link", Link);
        writer.Real("slope", LinkSlope);
        writer.Tensor("start", _starts, _starts.Length);
        writer.Texts("columns", Columns);
        writer.Tensor("source", _sources, _sources.Length);
        writer.Tensor("zero-is-missing", Array.ConvertAll(_zeroIsMissing, b => b ? (byte)1 : (byte)0), _sources.Length);
    }

    /// <inheritdoc/>
    public static ImportedTrees Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var input = DenseInput.Read(reader);
        var trees = TreeEnsemble.ReadAll(reader.Scope("trees"));
        var origin = reader.Text("origin");
        var link = reader.Choice<ScoreLink>("link");
        var slope = reader.Single("slope");
        var starts = reader.Tensor<float>("start", trees.OutputCount);
        var columns = reader.Texts("columns");
        var sources = reader.Ids("source", trees.ColumnCount, columns.Length);
        var zero = Array.ConvertAll(reader.Tensor<byte>("zero-is-missing", sources.Length), b => b != 0);
        if (input is not null && trees.OutputCount > 1) throw reader.Invalid("a ranker has several outputs.");
        return new ImportedTrees(origin, trees, starts, link, columns, sources, zero, slope, input);
    }

    private sealed class Scratch
    {
        private float[] _rows = [];

        public Span<float> Rows(int length)
        {
            if (_rows.Length < length) _rows = new float[length];
            return _rows.AsSpan(0, length);
        }
    }
}

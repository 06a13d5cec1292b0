using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// A shallow autoencoder with a closed form: each item is predicted from the others, never from itself. With X the users × items:
//
//   min_B |X - X B|² + λ |B|²   with diag(B) = 0
//   P = (XᵀX + λ I)⁻¹,   B_ij = -P_ij / P_jj  (i ≠ j),   score_uj = Σ_{i ∈ I(u)} x_ui B_ij
//
// -P_ij / √(P_ii P_jj) is the partial correlation of two items, given all others (and the ridge): what similar items are sorted by.
// Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019.

/// <summary>Options of <see cref="Ease"/>.</summary>
public sealed record EaseOptions
{
    /// <summary>
    /// λ, the one number to tune: the larger, the more a pair of items must have in common to count. 0.001..1,000,000,000, default 500;
    /// hundreds for logs of some million rows, tens for small ones.
    /// </summary>
    public float Regularization { get; init => field = Guard.InRange(1e-3f, 1e9f, value); } = 500;

    /// <summary>
    /// Whether the values of interactions are strengths (those of a repeated pair add up); if not, each pair counts as 1. Default false.
    /// </summary>
    public bool UseValues { get; init; }

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}

/// <summary>
/// A linear model of every item from all others, solved exactly. One option, no random numbers, often as good as deep autoencoders;
/// negative weights tell substitutes apart. It holds items × items numbers (4 bytes each, at most 46,340 items; training needs no second
/// such matrix) and takes items³ multiply-adds to train. The solution follows from the data alone, so there is nothing to start warm from:
/// training on the grown log (whose id maps extend the old ones) is the warm start, and the only way to new items; new users need none, a
/// history serves them. Immutable; safe for any number of threads; a call allocates nothing after warm-up.
/// </summary>
public sealed class Ease : IRecaller, ISimilarItems, IModel<Ease>
{
    private const int MostItems = 46_340;

    private readonly EaseOptions _options;
    private readonly SparseMatrix _users;
    private readonly float[] _weights;     // B, items × items
    private readonly float[] _diagonal;    // P_jj
    private readonly Pool<Scratch> _scratch;

    private Ease(EaseOptions options, SparseMatrix users, float[] weights, float[] diagonal)
    {
        _options = options;
        _users = users;
        _weights = weights;
        _diagonal = diagonal;
        _scratch = new Pool<Scratch>(() => new Scratch(new HistoryRow(ItemCount, Repeats(_options)), new float[ItemCount]));
    }

    /// <inheritdoc/>
    public static string Kind => "ease";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Number of users at training; ids from here on are unknown.</summary>
    public int UserCount => _users.RowCount;

    /// <summary>Number of items at training; ids from here on are unknown.</summary>
    public int ItemCount => _users.ColumnCount;

    /// <summary>B_ij: what having item i adds to the score of item j; 0 where i = j.</summary>
    /// <param name="i">0..<see cref="ItemCount"/>-1.</param>
    /// <param name="j">0..<see cref="ItemCount"/>-1.</param>
    public float Weight(int i, int j) => WeightsOf(i)[j];

    /// <summary>Solves for B.</summary>
    /// <param name="data">What users did; an item without interactions gets the score 0.</param>
    /// <param name="options">λ; the defaults if null.</param>
    /// <param name="progress">Told about the stages gram and inverse, by one thread at a time.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">There are more than 46,340 items, whose matrix no array holds.</exception>
    /// <exception cref="ArithmeticException">λ is too small beside the data for single precision.</exception>
    public static Ease Train(
        Interactions data, EaseOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new EaseOptions();
        if (data.ItemCount > MostItems)
            throw new ArgumentException(
                $"There are {data.ItemCount} items; {nameof(Ease)} holds items × items numbers, for at most {MostItems}. Drop rare items " +
                "(KCore, then Compact) or train a model of factors.", nameof(data));
        var users = InteractionRows.OfUsers(data, Repeats(options));
        var n = data.ItemCount;
        var p = Gram(users, options, progress, cancel);                                        // [n, n]
        if (n > 0) Invert(p, users, options, cancel);
        progress?.Report(new TrainProgress("inverse", 1, 1));

        var diagonal = new float[n];
        for (var j = 0; j < n; j++) diagonal[j] = p[j * n + j];
        var scales = new float[n];
        for (var j = 0; j < n; j++) scales[j] = -1 / diagonal[j];
        for (var i = 0; i < n; i++)
        {
            var row = p.AsSpan(i * n, n);
            TensorPrimitives.Multiply(row, scales, row);
            row[i] = 0;
        }
        return new Ease(options, users, p, diagonal);
    }

    /// <summary>
    /// The items of highest score, for the user's own or the given history: exactly min(destination.Length, eligible); none for who has
    /// neither.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var scratch = _scratch.Rent();
        var row = scratch.History.RowOf(request, _users);
        var top = new TopItems(destination, request.Filter, ItemCount);
        if (!row.Columns.IsEmpty)
        {
            var scores = scratch.Scores;
            Array.Clear(scores);
            for (var k = 0; k < row.Columns.Length; k++)
                TensorPrimitives.MultiplyAdd(WeightsOf(row.Columns[k]), row.Values[k], scores, scores);
            top.OfferBlock(0, scores);
        }
        _scratch.Return(scratch);
        return top.Finish();
    }

    /// <summary>The items of positive partial correlation -P_ij / √(P_ii P_jj), from 1 down to 0.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, filter, ItemCount);
        if ((uint)item < (uint)ItemCount)
        {
            var weights = WeightsOf(item);
            for (var j = 0; j < weights.Length; j++)
                if (weights[j] > 0) top.Offer(j, weights[j] * MathF.Sqrt(_diagonal[j] / _diagonal[item]));
        }
        return top.Finish();
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Real("regularization", _options.Regularization);
        writer.Flag("use_values", _options.UseValues);
        writer.Matrix("users", _users);
        writer.Tensor("weights", _weights, ItemCount, ItemCount);
        writer.Tensor("diagonal", _diagonal);
    }

    /// <inheritdoc/>
    public static Ease Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var options = new EaseOptions
        {
            Regularization = reader.Single("regularization", 1e-3f, 1e9f),
            UseValues = reader.Flag("use_values"),
        };
        var users = reader.Matrix("users");
        var weights = reader.Tensor<float>("weights", users.ColumnCount, users.ColumnCount);
        var diagonal = reader.Tensor<float>("diagonal", users.ColumnCount);
        foreach (var value in diagonal)
            if (value <= 0) throw reader.Invalid($"the diagonal of the inverse holds {value}; it is positive.");
        return new Ease(options, users, weights, diagonal);
    }

    private ReadOnlySpan<float> WeightsOf(int item) => _weights.AsSpan(item * ItemCount, ItemCount);

    private static RepeatedItems Repeats(EaseOptions options) => options.UseValues ? RepeatedItems.Sum : RepeatedItems.One;

    // The upper triangle of XᵀX + λI. A row of it is a sum of users' rows, so it stays in the first-level cache while it grows.
    private static float[] Gram(SparseMatrix users, EaseOptions options, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        const int RowsOfPart = 64;
        var n = users.ColumnCount;
        var items = users.Transpose(options.Threads);
        var gram = new float[n * n];
        var parts = (n + RowsOfPart - 1) / RowsOfPart;
        var (done, gate) = (0, new Lock());
        Shards.Run(parts, options.Threads, part =>
        {
            for (var i = part * RowsOfPart; i < Math.Min(n, (part + 1) * RowsOfPart); i++)
            {
                var sums = gram.AsSpan(i * n, n);
                var row = items.Row(i);
                for (var k = 0; k < row.Length; k++)
                {
                    var user = users.Row(row.Columns[k]);
                    var from = user.Columns.BinarySearch(i);
                    if (options.UseValues) Scatter.AddScaled(sums, user.Columns[from..], user.Values[from..], row.Values[k]);
                    else Scatter.Add(sums, user.Columns[from..], 1);
                }
                sums[i] += options.Regularization;
            }
            lock (gate) progress?.Report(new TrainProgress("gram", ++done, parts));
        }, cancel);
        return gram;
    }

    private static void Invert(float[] gram, SparseMatrix users, EaseOptions options, CancellationToken cancel)
    {
        try
        {
            Cholesky.Invert(gram, users.ColumnCount, options.Threads, cancel);
        }
        catch (ArithmeticException e)
        {
            throw TooSmall(options, e.Message, e);
        }
        if (Defect(gram, users, options) is var defect && !(defect < 0.05))
            throw TooSmall(options, $"(XᵀX + λI) P x differs from x by {defect:P0}.", null);
    }

    // A matrix too close to singular gives an inverse that is merely wrong, so it is tried on a vector of signs: |(XᵀX + λI) P x - x| /
    // |x|.
    private static double Defect(float[] p, SparseMatrix users, EaseOptions options)
    {
        var n = users.ColumnCount;
        var (x, y, back, t) = (new float[n], new float[n], new float[n], new float[users.RowCount]);
        var rng = new Rng(1);
        for (var j = 0; j < n; j++) x[j] = (rng.Bits((ulong)j) & 1) == 0 ? 1 : -1;
        Gemv.Multiply(Transpose.No, n, n, 1, p, n, x, 0, y, options.Threads);
        users.Multiply(y, t, options.Threads);
        users.MultiplyTransposed(t, back, options.Threads);
        TensorPrimitives.MultiplyAdd(y, options.Regularization, back, back);
        return TensorPrimitives.Distance<float>(back, x) / Math.Sqrt(n);
    }

    private static ArithmeticException TooSmall(EaseOptions options, string why, Exception? cause) => new(
        $"{nameof(EaseOptions.Regularization)} of {options.Regularization} is too small beside the data for single precision; raise it. " +
        why, cause);

    private sealed record Scratch(HistoryRow History, float[] Scores);
}

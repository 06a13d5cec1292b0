using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>
/// The gradients of a batch, merged by row. Shards of examples add theirs at the same time; then owners, who share out the rows, merge what
/// fell on theirs in the order of the examples and take one step for each row. So a batch has the same result for any number of threads,
/// and every gradient sees the parameters as they were before the batch. A batch of one example is stochastic gradient descent as printed.
/// </summary>
internal sealed unsafe class BlockGradients
{
    public const int Shards = 16;

    private const int StepsAhead = 4;
    private readonly Bucket[] _buckets;
    private readonly AlignedFloats[] _vectors;
    private readonly Owner[] _owners;
    private readonly int[] _slots;
    private readonly FactorRows _rows;
    private readonly int _stride;
    private int _shards;

    public BlockGradients(FactorRows rows)
    {
        _rows = rows;
        _stride = rows.Vectors.Stride;
        _slots = new int[rows.Rows];
        Array.Fill(_slots, -1);
        _buckets = new Bucket[Shards * Shards];
        for (var i = 0; i < _buckets.Length; i++) _buckets[i] = new Bucket();
        _vectors = new AlignedFloats[Shards];
        _owners = new Owner[Shards];
        for (var i = 0; i < Shards; i++) (_vectors[i], _owners[i]) = (new AlignedFloats(0), new Owner());
    }

    /// <summary>How many owners have work after this batch.</summary>
    public int Begin(int shards) => _shards = shards;

    /// <summary>Empties a shard and gives it room for some vectors, whose content is what it happens to be.</summary>
    public void Begin(int shard, int vectors)
    {
        for (var owner = 0; owner < _shards; owner++) _buckets[shard * Shards + owner].Count = 0;
        if (_vectors[shard].Length < vectors * _stride) _vectors[shard] = new AlignedFloats(checked(2 * vectors * _stride));
    }

    /// <summary>A vector of a shard. [stride]</summary>
    public Span<float> Vector(int shard, int vector) => _vectors[shard].Slice(vector * _stride, _stride);

    /// <summary>Some vectors of a shard, one after the other. [count · stride]</summary>
    public Span<float> Vectors(int shard, int first, int count) => _vectors[shard].Slice(first * _stride, count * _stride);

    /// <summary>
    /// Adds what one value of one example contributes: scale · vector - self · v to the gradient of v, where v is the row's own vector as
    /// it was before the batch.
    /// </summary>
    /// <param name="shard">Whose vectors.</param>
    /// <param name="row">Whose gradient.</param>
    /// <param name="vector">The number of a vector of the shard; -1 for none.</param>
    /// <param name="scale">What the vector is multiplied by.</param>
    /// <param name="self">What the row's own vector is multiplied by.</param>
    /// <param name="weight">The gradient of w.</param>
    /// <param name="mass">How much the example counts.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int shard, int row, int vector, float scale, float self, float weight, float mass)
    {
        // Multiplicative hashing: neighbouring rows, the values of one field, go to different owners.
        var owner = (int)((ulong)((uint)row * 2654435769u) * (uint)_shards >> 32);
        // Written field by field: a struct built elsewhere and copied waits for its own stores.
        ref var gradient = ref _buckets[shard * Shards + owner].Next();
        gradient.Row = row;
        gradient.Vector = vector;
        gradient.Scale = scale;
        gradient.Self = self;
        gradient.Weight = weight;
        gradient.Mass = mass;
    }

    /// <summary>Merges the gradients of an owner's rows and takes the steps. Owners may run at the same time.</summary>
    public void Step(int owner, in RowStep step)
    {
        if (Avx512F.IsSupported) Step<Lanes512, Vector512<float>>(owner, step);
        else if (Vector256.IsHardwareAccelerated) Step<Lanes256, Vector256<float>>(owner, step);
        else Step<Lanes128, Vector128<float>>(owner, step);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    private void Step<L, V>(int owner, in RowStep step) where L : struct, IFunctionLanes<V> where V : struct
    {
        var mine = _owners[owner];
        var total = 0;
        for (var shard = 0; shard < _shards; shard++) total += _buckets[shard * Shards + owner].Count;
        if (total == 0) return;
        mine.Reserve(total, _stride);
        var merged = mine.Merged.Pointer;
        var heads = mine.Heads;
        var count = 0;
        for (var shard = 0; shard < _shards; shard++)
        {
            var vectors = _vectors[shard].Pointer;
            foreach (ref readonly var g in _buckets[shard * Shards + owner].Span)
            {
                var vector = g.Vector < 0 ? null : vectors + (nint)g.Vector * _stride;
                ref var slot = ref _slots[g.Row];
                if (slot < 0)
                {
                    slot = count;
                    ref var first = ref heads[count++];
                    first.Row = g.Row;
                    first.Vector = vector;
                    first.Scale = g.Scale;
                    first.Self = g.Self;
                    first.Weight = g.Weight;
                    first.Mass = g.Mass;
                    continue;
                }
                ref var head = ref heads[slot];
                head.Self += g.Self;
                head.Weight += g.Weight;
                head.Mass += g.Mass;
                if (vector is not null) Merge<L, V>(ref head, merged + (nint)slot * _stride, vector, g.Scale);
            }
        }
        for (var i = 0; i < Math.Min(StepsAhead, count); i++) Prefetch(heads[i].Row);
        for (var i = 0; i < count; i++)
        {
            if (i + StepsAhead < count) Prefetch(heads[i + StepsAhead].Row);
            StepRow<L, V>(heads[i], step);
            _slots[heads[i].Row] = -1;
        }
    }

    // The second gradient of a row moves the first one into memory of the owner; a row that is met once is never copied.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Merge<L, V>(ref Head head, float* merged, float* vector, float scale) where L : struct, IFunctionLanes<V> where V : struct
    {
        var old = head.Vector;
        var (oldScale, newScale) = (L.Create(head.Scale), L.Create(scale));
        if (old == merged)
        {
            for (nint f = 0; f < _stride; f += L.Count)
                L.Store(L.MultiplyAdd(newScale, L.Load(vector + f), L.Load(merged + f)), merged + f);
            return;
        }
        for (nint f = 0; f < _stride; f += L.Count)
            L.Store(L.MultiplyAdd(newScale, L.Load(vector + f), L.Multiply(oldScale, L.Load(old + f))), merged + f);
        head.Vector = merged;
        head.Scale = 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StepRow<L, V>(in Head head, in RowStep step) where L : struct, IFunctionLanes<V> where V : struct
    {
        if (head.Mass <= 0) return;
        var rate = step.Adaptive ? step.Rate : step.Rate / head.Mass;
        if (_rows.Weights.Length > 0)
        {
            ref var w = ref _rows.Weights[2 * head.Row];
            var g = head.Weight + step.WeightPenalty * head.Mass * w;
            if (step.Adaptive)
            {
                ref var squares = ref _rows.Weights[2 * head.Row + 1];
                squares += g * g;
                g /= MathF.Sqrt(squares);
            }
            w -= rate * g;
        }
        if (head.Vector is null) return;
        var v = _rows.Vectors.Pointer + (nint)head.Row * _stride;
        var (scale, own, eta) = (L.Create(head.Scale), L.Create(step.VectorPenalty * head.Mass - head.Self), L.Create(-rate));
        var sums = step.Adaptive ? _rows.Squares!.Pointer + (nint)head.Row * _stride : null;
        for (nint f = 0; f < _stride; f += L.Count)
        {
            var old = L.Load(v + f);
            var g = L.MultiplyAdd(own, old, L.Multiply(scale, L.Load(head.Vector + f)));
            if (sums is not null)
            {
                var squares = L.MultiplyAdd(g, g, L.Load(sums + f));
                L.Store(squares, sums + f);
                g = L.Multiply(g, L.ReciprocalSqrt(squares));
            }
            L.Store(L.MultiplyAdd(eta, g, old), v + f);
        }
    }

    private void Prefetch(int row)
    {
        if (!Sse.IsSupported || row >= _rows.Vectors.Rows) return;
        Sse.Prefetch0(_rows.Vectors.Pointer + (nint)row * _stride);
        if (_rows.Squares is { } squares) Sse.Prefetch0(squares.Pointer + (nint)row * _stride);
    }

    private struct Head
    {
        public int Row;
        public float* Vector;
        public float Scale, Self, Weight, Mass;
    }

    private struct Gradient
    {
        public int Row, Vector;
        public float Scale, Self, Weight, Mass;
    }

    private sealed class Bucket
    {
        private Gradient[] _items = new Gradient[16];

        public int Count;

        public ReadOnlySpan<Gradient> Span => _items.AsSpan(0, Count);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref Gradient Next()
        {
            var items = _items;
            if (Count == items.Length) items = Grow();
            return ref items[Count++];
        }

        private Gradient[] Grow()
        {
            Array.Resize(ref _items, 2 * Count);
            return _items;
        }
    }

    private sealed class Owner
    {
        public Head[] Heads = [];

        public AlignedFloats Merged = new(0);

        public void Reserve(int rows, int stride)
        {
            if (Heads.Length < rows) Heads = new Head[2 * rows];
            if (Merged.Length < rows * stride) Merged = new AlignedFloats(checked(2 * rows * stride));
        }
    }
}

using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Graphs;

// Vectors that pairs of every block change, as those of side information are. In a round each block b works on its own copies of what it
// touches, all made of the same state, and then
//
//   w ← w + s Σ_b (w_b - w),   s = 1 while all blocks together took at most T steps with w, else max(1 / blocks that touched it, T / steps)
//
// For rare vectors that is the sum of all steps, a mini-batch; for those that every block moves far it tends to the mean of the blocks,
// because the sum of many steps that don't know of each other overshoots (local SGD: Zinkevich et al., "Parallelized stochastic gradient
// descent", NIPS 2010). Sums are taken in the order of the blocks, so the bits do not depend on the threads.

/// <summary>A table whose rows several blocks change at once. Each block is one thread's at a time.</summary>
internal sealed class SharedRows
{
    private const int FreeSteps = 32; // T: rates are about 0.025, so that many steps are still a small move

    private readonly AlignedRows _rows;
    private readonly int[] _steps;       // by row, in this round
    private readonly ushort[] _touched;  // by row: how many blocks

    public SharedRows(AlignedRows rows, int blocks)
    {
        _rows = rows;
        _steps = new int[rows.Rows];
        _touched = new ushort[rows.Rows];
        Blocks = new Block[blocks];
        for (var b = 0; b < blocks; b++) Blocks[b] = new Block(rows);
    }

    public Block[] Blocks { get; }

    /// <summary>Ends a round: takes over what the blocks have changed.</summary>
    public void Merge()
    {
        foreach (var block in Blocks)
        {
            foreach (var (row, steps) in block.Touched)
            {
                _steps[row] += steps;
                _touched[row]++;
            }
        }
        foreach (var block in Blocks)
        {
            for (var slot = 0; slot < block.Touched.Length; slot++)
            {
                var row = block.Touched[slot].Row;
                var scale = _steps[row] <= FreeSteps ? 1 : Math.Max(1f / _touched[row], (float)FreeSteps / _steps[row]);
                TensorPrimitives.MultiplyAdd(block.Change(slot), scale, _rows.Padded(row), _rows.Padded(row));
            }
        }
        foreach (var block in Blocks)
        {
            foreach (var (row, _) in block.Touched) (_steps[row], _touched[row]) = (0, 0);
            block.Clear();
        }
    }

    /// <summary>The copies of one block.</summary>
    public sealed class Block(AlignedRows rows)
    {
        private readonly Dictionary<int, int> _slots = [];
        private (int Row, int Steps)[] _touched = new (int, int)[256];
        private float[] _copies = new float[256 * rows.Stride];
        private int _count;

        public ReadOnlySpan<(int Row, int Steps)> Touched => _touched.AsSpan(0, _count);

        /// <summary>The block's copy of a row, good until the next call.</summary>
        /// <param name="row">The row.</param>
        /// <param name="steps">How many steps the caller is about to take with it.</param>
        public Span<float> Row(int row, int steps = 0)
        {
            ref var slot = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_slots, row, out var known);
            if (!known)
            {
                if (_count == _touched.Length)
                {
                    Array.Resize(ref _touched, 2 * _count);
                    Array.Resize(ref _copies, 2 * _copies.Length);
                }
                slot = _count++;
                _touched[slot] = (row, 0);
                rows.Padded(row).CopyTo(_copies.AsSpan(slot * rows.Stride));
            }
            _touched[slot].Steps += steps;
            return _copies.AsSpan(slot * rows.Stride, rows.Stride);
        }

        /// <summary>Ends the block's part of a round, while no other row changes: copies become differences.</summary>
        public void Finish()
        {
            for (var slot = 0; slot < _count; slot++)
            {
                var copy = _copies.AsSpan(slot * rows.Stride, rows.Stride);
                TensorPrimitives.Subtract(copy, rows.Padded(_touched[slot].Row), copy);
            }
        }

        public ReadOnlySpan<float> Change(int slot) => _copies.AsSpan(slot * rows.Stride, rows.Stride);

        public void Clear()
        {
            _slots.Clear();
            _count = 0;
        }
    }
}

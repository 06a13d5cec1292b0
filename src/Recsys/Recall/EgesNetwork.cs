using System.Numerics.Tensors;
using Recsys.Graphs;
using Recsys.Numerics;

namespace Recsys.Recall;

// H_v = Σ_s α_s W^s_v,  α = softmax(a_v) over what is known of v (s = 0: the item itself); GES: α_s = 1 / m; a field of several values is
// their mean
// one step with g_k = η (y_k - σ(H·Z_k)), e = Σ_k g_k Z_k, all right sides old:
//
//   Z_k ← Z_k + g_k H        W^s_v ← W^s_v + α_s e        a_v^s ← a_v^s + α_s (W^s_v - H)·e

/// <summary>The weights of EGES while they are trained. Rows of items are those that are met in walks.</summary>
internal sealed class EgesNetwork
{
    private readonly SideInformation _side;
    private readonly int[] _itemOf;
    private readonly bool _learnsWeights;
    private readonly int _parts;   // fields and the item itself

    /// <summary>Weights at zero.</summary>
    /// <param name="side">Side information by item.</param>
    /// <param name="itemOf">The item of each row.</param>
    /// <param name="dimensions">d.</param>
    /// <param name="learnsWeights">EGES, else GES.</param>
    public EgesNetwork(SideInformation side, int[] itemOf, int dimensions, bool learnsWeights)
    {
        (_side, _itemOf, _learnsWeights, _parts) = (side, itemOf, learnsWeights, side.Fields.Length + 1);
        Items = new AlignedRows(itemOf.Length, dimensions);
        Sides = new AlignedRows(SideInformation.Rows(side.Fields), dimensions);
        Output = new AlignedRows(itemOf.Length, dimensions);
        Attention = new float[itemOf.Length * _parts];
    }

    /// <summary>W^0.</summary>
    public AlignedRows Items { get; }

    /// <summary>W^1 … W^n, by row of the side information.</summary>
    public AlignedRows Sides { get; }

    /// <summary>Z.</summary>
    public AlignedRows Output { get; }

    /// <summary>a, rows × parts.</summary>
    public float[] Attention { get; }

    public sealed class Scratch(EgesNetwork network)
    {
        public readonly float[] H = new float[network.Items.Stride];
        public readonly float[] E = new float[network.Items.Stride];
        public readonly float[] Difference = new float[network.Items.Stride];
        public readonly float[] Parts = new float[network._parts * network.Items.Stride];   // W^s_v
        public readonly float[] Weights = new float[network._parts];                        // α

        /// <summary>Where the vectors of side information are read and changed; null: in the network itself.</summary>
        public SharedRows.Block? Sides { get; init; }
    }

    /// <summary>Writes H, the parts and their weights into the scratch.</summary>
    public void Compose(int row, Scratch scratch)
    {
        var weights = scratch.Weights.AsSpan();
        var stride = Items.Stride;
        for (var s = 0; s < _parts; s++)
        {
            var part = scratch.Parts.AsSpan(s * stride, stride);
            weights[s] = float.NegativeInfinity;
            if (s == 0) Items.Padded(row).CopyTo(part);
            else
            {
                var values = _side.Of(_itemOf[row], s - 1);
                if (values.IsEmpty) continue;
                Side(values[0], 0, scratch).CopyTo(part);
                for (var i = 1; i < values.Length; i++) TensorPrimitives.Add(part, Side(values[i], 0, scratch), part);
                if (values.Length > 1) TensorPrimitives.Multiply(part, 1f / values.Length, part);
            }
            weights[s] = _learnsWeights ? Attention[row * _parts + s] : 0;
        }
        Elementwise.Softmax(weights, weights);
        scratch.H.AsSpan().Clear();
        for (var s = 0; s < _parts; s++)
            if (weights[s] != 0) TensorPrimitives.MultiplyAdd(scratch.Parts.AsSpan(s * stride, stride), weights[s], scratch.H, scratch.H);
    }

    /// <summary>One step for a pair.</summary>
    /// <returns>The loss, or 0 for a step that is not measured.</returns>
    public double Step(int row, int context, in Negatives negatives, long step, float rate, Scratch scratch)
    {
        Compose(row, scratch);
        var loss = SkipGramKernel.Step(scratch.H, scratch.E, Output, context, negatives, step, rate);
        var stride = Items.Stride;
        for (var s = 0; s < _parts; s++)
        {
            var weight = scratch.Weights[s];
            if (weight == 0) continue;
            if (_learnsWeights)
            {
                TensorPrimitives.Subtract(scratch.Parts.AsSpan(s * stride, stride), scratch.H, scratch.Difference);
                Attention[row * _parts + s] += weight * Dot.Product(scratch.Difference, scratch.E);
            }
            if (s == 0)
            {
                TensorPrimitives.MultiplyAdd(scratch.E, weight, Items.Padded(row), Items.Padded(row));
                continue;
            }
            var values = _side.Of(_itemOf[row], s - 1);
            foreach (var value in values)
            {
                var vector = Side(value, 1, scratch);
                TensorPrimitives.MultiplyAdd(scratch.E, weight / values.Length, vector, vector);
            }
        }
        return loss;
    }

    private Span<float> Side(int value, int steps, Scratch scratch)
        => scratch.Sides is null ? Sides.Padded(value) : scratch.Sides.Row(value, steps);
}

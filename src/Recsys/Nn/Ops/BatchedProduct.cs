using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>C = A B, or A Bᵀ, for each pair of matrices: A [.., m, k], B [.., k, n] or [.., n, k], with the same leading axes.</summary>
internal sealed class BatchedProduct : Op
{
    public static readonly BatchedProduct Instance = new();

    public override string Name => "batched product";

    public static Tensor Of(Tensor a, Tensor b, bool transposed)
    {
        var (left, right) = (a.Shape, b.Shape);
        var fits = left.Rank == right.Rank && left.Rank >= 2 && left[^1] == right[transposed ? ^1 : ^2];
        for (var axis = 0; fits && axis < left.Rank - 2; axis++) fits = left[axis] == right[axis];
        if (!fits)
            throw Mismatch("batched product", left, right,
                $"they must be [.., m, k] and [.., {(transposed ? "n, k" : "k, n")}] with the same leading axes");
        var (m, k, n) = (left[^2], left[^1], right[transposed ? ^2 : ^1]);
        var c = a.Tape.Push(Instance, left.WithColumns(n), a, b);
        a.Tape.At(c.Node).I0 = transposed ? 1 : 0;
        var x = a.Values;
        var y = b.Values;
        var z = c.Mutable;
        var batches = m * n == 0 ? 0 : z.Length / (m * n);
        for (var i = 0; i < batches; i++)
        {
            Gemm.Multiply(Transpose.No, transposed ? Transpose.Yes : Transpose.No, m, n, k, 1,
                x.Slice(i * m * k, m * k), k, y.Slice(i * k * n, k * n), transposed ? k : n, 0, z.Slice(i * m * n, m * n), n);
        }
        return c;
    }

    public override void Backward(in Adjoint node)
    {
        var a = node.Input(0);
        var b = node.Input(1);
        var g = node.Gradient;
        var transposed = node.I0 == 1;
        var (m, k, n) = (node.ShapeOf(0)[^2], node.ShapeOf(0)[^1], node.Shape[^1]);
        if (g.IsEmpty) return;
        var batches = g.Length / (m * n);
        // ∂A = G Bᵀ or G B; ∂B = Aᵀ G or Gᵀ A.
        if (node.Wants(0))
        {
            var da = node.GradientOf(0, out var fresh);
            for (var i = 0; i < batches; i++)
            {
                Gemm.Multiply(Transpose.No, transposed ? Transpose.No : Transpose.Yes, m, k, n, 1,
                    g.Slice(i * m * n, m * n), n, b.Slice(i * k * n, k * n), transposed ? k : n, fresh ? 0 : 1,
                    da.Slice(i * m * k, m * k), k);
            }
        }
        if (!node.Wants(1)) return;
        var db = node.GradientOf(1, out var first);
        for (var i = 0; i < batches; i++)
        {
            var x = a.Slice(i * m * k, m * k);
            var z = g.Slice(i * m * n, m * n);
            var to = db.Slice(i * k * n, k * n);
            if (transposed) Gemm.Multiply(Transpose.Yes, Transpose.No, n, k, m, 1, z, n, x, k, first ? 0 : 1, to, k);
            else Gemm.Multiply(Transpose.Yes, Transpose.No, k, n, m, 1, x, k, z, n, first ? 0 : 1, to, n);
        }
    }
}

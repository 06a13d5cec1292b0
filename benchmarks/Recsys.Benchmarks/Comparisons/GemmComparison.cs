using System.Text.Json.Nodes;
using Recsys.Benchmarks.Peers;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>Matrix products against torch.mm and against the inner product of oneDNN.</summary>
internal sealed class GemmComparison : Comparison
{
    public override string Name => "gemm";

    public override string Script => "gemm.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        foreach (var kind in (string[])["mm", "linear"])
        {
            for (var threads = 1; threads <= 2; threads++)
            {
                yield return Case(kind, threads, 1024, 1024, 1024);
                yield return Case(kind, threads, 4096, 416, 256);
                yield return Case(kind, threads, 4096, 256, 128);
                yield return Case(kind, threads, 64, 64, 64);
            }
        }
    }

    // linear multiplies by a weight that is stored n × k, as oneDNN takes it.
    private static ComparisonCase Case(string kind, int threads, int m, int k, int n)
    {
        var small = m * (long)n * k < 1 << 20;
        var arguments = new JsonObject { ["kind"] = kind, ["threads"] = threads, ["m"] = m, ["n"] = n, ["k"] = k };
        return new($"{kind} {m}×{k}×{n}, {threads} thread(s)", small ? 1.2 : 0.95, arguments, () =>
        {
            var rng = new Rng(1);
            var a = new float[m * k];
            var b = new float[k * n];
            var c = new float[m * n];
            for (var i = 0; i < a.Length; i++) a[i] = rng.Uniform((ulong)i);
            for (var i = 0; i < b.Length; i++) b[i] = rng.Uniform((ulong)(a.Length + i));
            var transposed = kind == "linear" ? Transpose.Yes : Transpose.No;
            return () =>
            {
                Gemm.Multiply(Transpose.No, transposed, m, n, k, 1, a, k, b, transposed == Transpose.Yes ? k : n, 0, c, n, threads);
                return double.NaN;
            };
        })
        { Repeats = small ? 1000 : 20 };
    }
}

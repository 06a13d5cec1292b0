using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class FactorKernelTests
{
    private const int Columns = 12;

    private static (AlignedRows Table, double[][] Doubles) Table(int width, ulong seed = 3)
    {
        var table = new AlignedRows(Columns, width);
        for (var row = 0; row < Columns; row++) new Rng(seed).FillNormal((ulong)(row * width), table[row]);
        return (table, [.. Enumerable.Range(0, Columns).Select(row => Array.ConvertAll(table[row].ToArray(), v => (double)v))]);
    }

    private static (int[] Columns, float[] Values, double[] Dense) Example(int count, ulong seed = 9)
    {
        var rng = new Rng(seed, (ulong)count);
        var columns = Enumerable.Range(0, Columns).ToArray();
        rng.Shuffle(0, columns.AsSpan());
        Array.Sort(columns, 0, count);
        columns = columns[..count];
        var values = new float[count];
        rng.FillNormal(100, values);
        var dense = new double[Columns];
        for (var k = 0; k < count; k++) dense[columns[k]] = values[k];
        return (columns, values, dense);
    }

    [Fact]
    public void The_linear_form_equals_the_double_sum()
    {
        foreach (var width in new[] { 1, 3, 4, 8, 15, 16, 17, 40 })
        {
            var (table, v) = Table(width);
            for (var count = 0; count <= Columns; count++)
            {
                var (columns, values, x) = Example(count);
                var sum = new float[table.Stride];
                Assert.Equal(SlowFactorMachines.Pairs(v, x), FactorKernel.Pairs(table, columns, values, sum), 1e-4 * width);
                var again = new float[table.Stride];
                FactorKernel.Sum(table, columns, values, again);
                for (var f = 0; f < table.Stride; f++)
                {
                    var expected = f < width ? Enumerable.Range(0, Columns).Sum(j => x[j] * v[j][f]) : 0;
                    Assert.Equal(expected, sum[f], 1e-4);
                    Assert.Equal(expected, again[f], 1e-4);
                }
            }
        }
    }

    [Fact]
    public void Field_aware_pairs_equal_the_double_sum()
    {
        foreach (var (k, fields) in new[] { (1, 1), (4, 3), (5, 2), (8, 3), (16, 2), (6, 12) })
        {
            var (table, w, fieldOf) = FieldTable(k, fields);
            for (var count = 0; count <= Columns; count++)
            {
                var (columns, values, x) = Example(count);
                var actual = FieldAwareKernel.Pairs(table, FieldAwareKernel.Padded(k), fieldOf, columns, values);
                Assert.Equal(SlowFactorMachines.FieldAwarePairs(w, fieldOf, x), actual, 1e-4 * k);
            }
        }
    }

    [Fact]
    public void Field_aware_gradients_equal_central_differences()
    {
        const double Kappa = 0.7, Lambda = 0.3, H = 1e-5;
        foreach (var (k, fields) in new[] { (4, 3), (5, 2), (8, 2), (16, 3), (3, 1) })
        {
            var (table, w, fieldOf) = FieldTable(k, fields);
            var (columns, values, x) = Example(7);
            var (width, gradients) = (FieldAwareKernel.Padded(k), new float[7 * table.Stride]);
            FieldAwareKernel.Gradients(table, width, fieldOf, columns, values, (float)Kappa, (float)Lambda, gradients);
            for (var c = 0; c < columns.Length; c++)
            {
                for (var field = 0; field < fields; field++)
                {
                    // The penalty counts once for each pair that the vector takes part in.
                    var pairs = columns.Where(other => other != columns[c]).Count(other => fieldOf[other] == field);
                    for (var f = 0; f < k; f++)
                    {
                        ref var parameter = ref w[columns[c]][field][f];
                        var old = parameter;
                        parameter = old + H;
                        var up = SlowFactorMachines.FieldAwarePairs(w, fieldOf, x);
                        parameter = old - H;
                        var down = SlowFactorMachines.FieldAwarePairs(w, fieldOf, x);
                        parameter = old;
                        var expected = Kappa * (up - down) / (2 * H) + Lambda * pairs * old;
                        Assert.Equal(expected, gradients[c * table.Stride + field * width + f], 1e-4);
                    }
                }
            }
        }
    }

    // Row 2 is met three times, in two shards; row 5 once; row 7 has no vector.
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 16)]
    [InlineData(true, 16)]
    public void Gradients_are_merged_by_row_before_the_step(bool adaptive, int shards)
    {
        const int Width = 5;
        const float Start = 0.5f, Rate = 0.3f, VectorPenalty = 0.2f, WeightPenalty = 0.1f;
        var rows = new FactorRows(8, 7, Width, true, adaptive, Start);
        for (var row = 0; row < 7; row++) new Rng(1).FillNormal((ulong)(row * Width), rows.Vectors[row]);
        for (var row = 0; row < 8; row++) rows.Weights[2 * row] = row;
        var old = Enumerable.Range(0, 7).Select(row => rows.Vectors[row].ToArray()).ToArray();
        var gradients = new BlockGradients(rows);
        Assert.Equal(shards, gradients.Begin(shards));
        for (var shard = 0; shard < shards; shard++) gradients.Begin(shard, 2);
        var last = shards - 1;
        for (var i = 0; i < 2; i++)
        {
            new Rng(2).FillNormal((ulong)(10 * i), gradients.Vector(0, i)[..Width]);
            new Rng(3).FillNormal((ulong)(10 * i), gradients.Vector(last, i)[..Width]);
        }
        (int Shard, int Row, int Vector, float Scale, float Self, float Weight, float Mass)[] added =
            [(0, 2, 0, 1.5f, 0.2f, 0.6f, 1), (0, 5, 1, -1, 0.1f, -0.4f, 2), (0, 2, 1, 0.5f, 0, 0.3f, 1), (last, 2, 1, -2, 0.4f, 1, 0.5f),
                (last, 7, -1, 0, 0, 0.9f, 1)];
        var (vectors, weights, masses) = (new double[8][], new double[8], new double[8]);
        for (var row = 0; row < 8; row++) vectors[row] = new double[Width];
        foreach (var (shard, row, vector, scale, self, weight, mass) in added)
        {
            gradients.Add(shard, row, vector, scale, self, weight, mass);
            for (var f = 0; f < Width && vector >= 0; f++)
                vectors[row][f] += scale * gradients.Vector(shard, vector)[f] + (VectorPenalty * mass - self) * old[row][f];
            weights[row] += weight + WeightPenalty * mass * row;
            masses[row] += mass;
        }
        for (var owner = 0; owner < shards; owner++) gradients.Step(owner, new RowStep(adaptive, Rate, VectorPenalty, WeightPenalty));

        for (var row = 0; row < 8; row++)
        {
            double Step(double p, double g)
                => masses[row] == 0 ? p : p - Rate * (adaptive ? g / Math.Sqrt(Start + g * g) : g / masses[row]);
            Assert.Equal(Step(row, weights[row]), rows.Weights[2 * row], 1e-5);
            if (row == 7) continue;
            for (var f = 0; f < Width; f++) Assert.Equal(Step(old[row][f], vectors[row][f]), rows.Vectors[row][f], 1e-5);
            Assert.All(rows.Vectors.Padded(row)[Width..].ToArray(), padding => Assert.Equal(0, padding));
        }
    }

    private static (AlignedRows, double[][][], int[]) FieldTable(int k, int fields)
    {
        var width = FieldAwareKernel.Padded(k);
        var table = new AlignedRows(Columns, fields * width);
        var w = new double[Columns][][];
        for (var row = 0; row < Columns; row++)
        {
            w[row] = new double[fields][];
            for (var field = 0; field < fields; field++)
            {
                var vector = table[row].Slice(field * width, k);
                new Rng(4).FillNormal((ulong)((row * fields + field) * k), vector);
                w[row][field] = Array.ConvertAll(vector.ToArray(), v => (double)v);
            }
        }
        return (table, w, [.. Enumerable.Range(0, Columns).Select(row => row * fields / Columns)]);
    }
}

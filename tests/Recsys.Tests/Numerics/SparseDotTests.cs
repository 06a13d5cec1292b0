using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

public sealed class SparseDotTests
{
    [Fact]
    public void Every_length_equals_the_plain_sum()
    {
        var rng = new Rng(5);
        var dense = Enumerable.Range(0, 97).Select(i => rng.Normal((ulong)i)).ToArray();
        for (var length = 0; length <= 256; length++)
        {
            var columns = Enumerable.Range(0, length).Select(k => rng.Stream(1).Below((ulong)k, dense.Length)).ToArray();
            var values = Enumerable.Range(0, length).Select(k => (float)rng.Stream(2).Normal((ulong)k)).ToArray();
            double product = 0, sum = 0;
            for (var k = 0; k < length; k++)
            {
                product += values[k] * dense[columns[k]];
                sum += dense[columns[k]];
            }
            Assert.Equal(product, SparseDot.Product(columns, values, dense), 1e-11);
            Assert.Equal(sum, SparseDot.Sum(columns, dense), 1e-11);
            Assert.Equal(SparseDot.Product(columns, [.. columns.Select(_ => 1f)], dense), SparseDot.Sum(columns, dense));
        }
    }
}

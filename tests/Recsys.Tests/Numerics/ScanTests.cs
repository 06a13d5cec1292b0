using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class ScanTests
{
    [Fact]
    public void Finds_what_its_twin_finds_at_every_length_place_and_offset()
    {
        for (var length = 0; length <= 256; length++)
        {
            for (var offset = 0; offset < 3; offset++)
            {
                var values = RandomFloats.Create((ulong)length, offset + length + 17);
                values.AsSpan(offset + length).Fill(5);
                var part = values.AsSpan(offset, length);
                foreach (var threshold in (float[])[-2, 0, 0.99f, 2, float.PositiveInfinity, float.NegativeInfinity])
                    Assert.Equal(SlowKernels.IndexOfNotBelow(part, threshold), Scan.IndexOfNotBelow(part, threshold));
                for (var place = 0; place < length; place++)
                {
                    var old = part[place];
                    part[place] = place % 2 == 0 ? 3 : float.NaN;
                    Assert.Equal(place, Scan.IndexOfNotBelow(part, 3));
                    part[place] = old;
                }
            }
        }
    }
}

using Recsys.Evaluation;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Evaluation;

public sealed class CandidatesTests
{
    [Fact]
    public void Samples_are_distinct_and_leave_out_what_is_forbidden()
    {
        var catalogue = new bool[200];
        Array.Fill(catalogue, true);
        var itemUsers = Enumerable.Range(0, 200).Select(i => i < 20 ? 0 : 1 + i % 50).ToArray();
        foreach (var (candidates, available) in ((Candidates, int)[])
            [
                (Candidates.UniformSample(10), 190), (Candidates.UniformSample(180), 190), (Candidates.UniformSample(500), 190),
                (Candidates.PopularitySample(10), 170), (Candidates.PopularitySample(165), 170), (Candidates.PopularitySample(500), 170),
            ])
        {
            var sampler = new CandidateSampler(candidates, catalogue, itemUsers, 1);
            var forbidden = new ulong[4];
            for (var item = 100; item < 110; item++) forbidden[item >> 6] |= 1UL << item;
            var chosen = new ulong[4];
            var drawn = new List<int>();
            sampler.Sample(3, forbidden, chosen, drawn);
            Assert.Equal(Math.Min(candidates.Count, available), drawn.Count);
            Assert.Equal(drawn.Count, drawn.Distinct().Count());
            Assert.DoesNotContain(drawn, item => item is >= 100 and < 110);
            if (candidates.Kind == CandidateKind.PopularitySample) Assert.DoesNotContain(drawn, item => item < 20);
            Assert.Equal(drawn.Count, chosen.Sum(word => System.Numerics.BitOperations.PopCount(word)));
        }
    }

    [Fact]
    public void Draws_follow_the_distribution_by_rejection_and_by_keys()
    {
        // Weights 1, 2, 7: the first draw of a sample of one, and by keys alone where nearly all else is forbidden.
        int[] itemUsers = [1, 2, 7, 100_000];
        var sampler = new CandidateSampler(Candidates.PopularitySample(1), [true, true, true, true], itemUsers, 5);
        var open = new int[4];
        var counts = new int[4];
        for (var user = 0; user < 20_000; user++)
        {
            var drawn = new List<int>();
            sampler.Sample(user, new ulong[1], new ulong[1], drawn);
            open[drawn[0]]++;
            sampler.Sample(user, [8], new ulong[1], drawn); // 72 attempts nearly always hit the forbidden item 3
            counts[drawn[0]]++;
        }
        Assert.InRange(open[3], 19_980, 20_000);
        Assert.Equal(2_000, counts[0], 200.0);
        Assert.Equal(4_000, counts[1], 250.0);
        Assert.Equal(14_000, counts[2], 300.0);
    }

    [Fact]
    public void Results_say_that_they_rest_on_samples()
    {
        var split = Recsys.Data.Splits.RandomPerUser(ContractData.Skewed(), 0.3);
        var report = RankingEvaluator.Evaluate(
            "x", FunctionRecaller.Random(160, 1), split,
            new RankingProtocol { Candidates = Candidates.PopularitySample(20), Bootstrap = 0 });
        Assert.Contains("targets + 20 popularity samples", report.ToText(), StringComparison.Ordinal);
        Assert.Contains("targets + 20 popularity samples", report.ToCsv(), StringComparison.Ordinal);
        Assert.Contains("targets + 20 popularity samples", report.ToJson(), StringComparison.Ordinal);
        Assert.Contains(report.Warnings, w => w.Contains("sampled", StringComparison.Ordinal));
    }
}

using Recsys.Features;
using Recsys.Numerics;
using Recsys.Recall;

namespace Recsys.Tests.Recall;

/// <summary>The step of EGES against central differences of its loss, written out in double precision.</summary>
public sealed class EgesNetworkTests
{
    private const int Items = 4, D = 5;

    // Item 3 has no colour; items 0 and 2 have two tags.
    private static readonly string[] Colours = ["red", "blue", "red", ""];
    private static readonly string[] Tags = ["a|b", "a", "b|c", "c"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Its_three_gradients_are_those_of_the_loss(bool learnsWeights)
    {
        const float Rate = 1e-3f;
        for (var row = 0; row < Items; row++)
        {
            var network = Network(learnsWeights);
            var before = Snapshot.Of(network);
            var negatives = new Negatives(new AliasTable([1f, 1, 1, 1]), 0, 3, new Rng(8));
            var context = (row + 1) % Items;
            var outputs = new List<int> { context };
            for (var k = 0ul; k < 3; k++)
                if (negatives.Table.Sample(negatives.Rng, k) is var drawn && drawn != context) outputs.Add(drawn);
            network.Step(row, context, negatives, 0, Rate, new EgesNetwork.Scratch(network));
            var after = Snapshot.Of(network);

            var checkedAny = 0;
            for (var i = 0; i < before.All.Length; i++)
            {
                var slope = Slope(before, i, row, outputs, learnsWeights);
                Assert.Equal(-slope, (after.All[i] - before.All[i]) / Rate, 2e-3);
                if (Math.Abs(slope) > 1e-3) checkedAny++;
            }
            Assert.True(checkedAny > 4 * D);
        }
    }

    [Fact]
    public void Attention_at_zero_is_the_plain_mean()
    {
        var eges = Network(true);
        Array.Clear(eges.Attention);
        var ges = Network(false);
        EgesNetwork.Scratch a = new(eges), b = new(ges);
        for (var row = 0; row < Items; row++)
        {
            eges.Compose(row, a);
            ges.Compose(row, b);
            Assert.Equal(b.H, a.H);
            Assert.Equal(row == 3 ? [0.5f, 0, 0.5f] : [1 / 3f, 1 / 3f, 1 / 3f],
                Array.ConvertAll(a.Weights, w => MathF.Round(w, 6)).Select((w, s) => w == 0.333333f ? 1 / 3f : w));
        }
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        var network = Network(true);
        var scratch = new EgesNetwork.Scratch(network);
        var negatives = new Negatives(new AliasTable([1f, 1, 1, 1]), 0, 3, new Rng(8));
        for (var i = 0; i < 70; i++) network.Step(0, 1, negatives, i, 0.01f, scratch);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 70; i++) network.Step(2, 1, negatives, i, 0.01f, scratch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static double Slope(Snapshot at, int i, int row, List<int> outputs, bool learnsWeights)
    {
        const double Tiny = 1e-6;
        var old = at.All[i];
        at.All[i] = old + Tiny;
        var up = Loss(at, row, outputs, learnsWeights);
        at.All[i] = old - Tiny;
        var down = Loss(at, row, outputs, learnsWeights);
        at.All[i] = old;
        return (up - down) / (2 * Tiny);
    }

    private static double Loss(Snapshot w, int row, List<int> outputs, bool learnsWeights)
    {
        int[][] fields =
        [
            Colours[row] == "" ? [] : [Snapshot.RowOf("colour", Colours[row])],
            [.. Tags[row].Split('|').Select(tag => Snapshot.RowOf("tags", tag))],
        ];
        var parts = new List<(double Weight, double[] Vector)> { (learnsWeights ? w.Attention(row, 0) : 0, w.Item(row)) };
        for (var f = 0; f < 2; f++)
        {
            if (fields[f].Length == 0) continue;
            var mean = new double[D];
            foreach (var value in fields[f])
                for (var k = 0; k < D; k++) mean[k] += w.Side(value)[k] / fields[f].Length;
            parts.Add((learnsWeights ? w.Attention(row, f + 1) : 0, mean));
        }
        var total = parts.Sum(p => Math.Exp(p.Weight));
        var h = Enumerable.Range(0, D).Select(k => parts.Sum(p => Math.Exp(p.Weight) / total * p.Vector[k])).ToArray();
        var loss = 0.0;
        for (var o = 0; o < outputs.Count; o++)
        {
            var z = h.Zip(w.Output(outputs[o]), (x, y) => x * y).Sum();
            loss -= Math.Log(1 / (1 + Math.Exp(o == 0 ? -z : z)));
        }
        return loss;
    }

    private static FeatureSet Features() => new FeatureSchema(Feature.Category("colour", Side.Item),
        Feature.MultiCategory("tags", Side.Item, '|'))
        .Fit(items: Columns.From(Enumerable.Range(0, Items)).Text("colour", item => Colours[item]).Text("tags",
            item => Tags[item]).Build());

    private static EgesNetwork Network(bool learnsWeights)
    {
        var features = Features();
        var fields = SideInformation.Choose(features, null);
        var network = new EgesNetwork(SideInformation.Of(features, fields, Items), [0, 1, 2, 3], D, learnsWeights);
        var rng = new Rng(3);
        var at = 0ul;
        foreach (var table in (AlignedRows[])[network.Items, network.Sides, network.Output])
        {
            for (var row = 0; row < table.Rows; row++, at += D) rng.FillNormal(at, table[row], 0, 0.7f);
        }
        rng.FillNormal(at, network.Attention);
        return network;
    }

    /// <summary>Every weight of a network in one array.</summary>
    private sealed class Snapshot(double[] all, int sides)
    {
        private static readonly FeatureSet Set = Features();

        public double[] All { get; } = all;

        public static Snapshot Of(EgesNetwork network)
        {
            var all = new List<double>();
            foreach (var table in (AlignedRows[])[network.Items, network.Sides, network.Output])
                for (var row = 0; row < table.Rows; row++) all.AddRange(table[row].ToArray().Select(x => (double)x));
            all.AddRange(network.Attention.Select(x => (double)x));
            return new Snapshot([.. all], network.Sides.Rows);
        }

        public double[] Item(int row) => All[(row * D)..(row * D + D)];

        public double[] Side(int row) => All[((Items + row) * D)..((Items + row) * D + D)];

        public double[] Output(int row) => All[((Items + sides + row) * D)..((Items + sides + row) * D + D)];

        public double Attention(int row, int part) => All[(2 * Items + sides) * D + row * 3 + part];

        public static int RowOf(string feature, string value)
        {
            var first = feature == "colour" ? 0 : Set.Schema["colour"].Cardinality;
            for (var code = 1; code < Set.Schema[feature].Cardinality; code++)
                if (Set.NameOf(feature, code) == value) return first + code;
            throw new ArgumentException(value);
        }
    }
}

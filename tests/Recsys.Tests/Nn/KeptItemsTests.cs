using Recsys.Features;
using Recsys.Nn;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Tests.Nn;

/// <summary>A model that keeps what it makes of a catalogue's items scores requests as the model itself does.</summary>
public sealed class KeptItemsTests
{
    private const int Items = 40;
    private static readonly Rng s_rng = new(4);

    [Fact]
    public void Requests_score_as_without_what_was_kept()
    {
        foreach (var names in (string[][])[["city", "age", "brand", "tags", "price", "cities and brands", "brands and colours"],
            ["brand", "als", "city", "price", "position"], ["price", "age", "als"], ["brand", "tags"], ["city", "age"], ["city", "price"],
            ["brand", "history", "price"]])
        {
            var features = FeaturesOf(names);
            Check(features, DeepFm.Create(Scope(), features.Schema, new DeepFmOptions { Dimension = 4, Hidden = [9, 5] }));
            Check(features, DeepFm.Create(Scope(), features.Schema, new DeepFmOptions { Dimension = 20, Hidden = [] }));
            Check(features, Nfm.Create(Scope(), features.Schema, new NfmOptions { Dimension = 4, Hidden = [9] }));
            Check(features, Dnn.Create(Scope(), features.Schema, new DnnOptions { Dimension = 4, Hidden = [17, 5] }));
            Check(features, Dnn.Create(Scope(), features.Schema, new DnnOptions { Dimension = 4, Hidden = [] }));
            if (names.Contains("brand") || names.Contains("city"))
                Check(features, WideDeep.Create(Scope(), features.Schema, new WideDeepOptions { Dimension = 4, Hidden = [9] }));
            Check(features, AutoInt.Create(Scope(), features.Schema, new AutoIntOptions { Dimension = 4 }));
        }
    }

    [Fact]
    public void What_was_kept_is_used()
    {
        var features = FeaturesOf(["brand", "price", "age"]);
        var model = DeepFmOf(features);
        var frozen = model.Freeze(features);
        foreach (var table in frozen.Parameters.Tables) table.Mutable.Clear();
        var batch = Request(features, [3, 1, 4]);
        Assert.Equal(Scores(model, batch), Scores(frozen, batch), Near);
        // Not for other rows than those of a request over these items.
        var reread = FeaturesOf(["brand", "price", "age"]);
        Assert.NotEqual(Scores(model, batch), Scores(frozen, Request(reread, [3, 1, 4])), Near);
    }

    [Fact]
    public void Other_batches_are_computed_whole()
    {
        var (features, other) = (FeaturesOf(["city", "brand", "price"]), FeaturesOf(["city", "brand", "price"]));
        var model = DeepFmOf(features);
        var frozen = model.Freeze(features);
        var fromOther = Request(other, [5, 6, 39]);
        Assert.Equal(Scores(model, fromOther), Scores(frozen, fromOther));

        var examples = features.Examples(new ExampleData { Users = [0, 1, 2], Items = [7, 8, -1], Labels = [[0, 1, 0]] });
        var batch = features.CreateBatch(3);
        features.Assemble(3, [1, 2, 3], batch);
        features.Assemble(examples, 0, 3, batch);
        Assert.Equal(Scores(model, batch), Scores(frozen, batch));
    }

    [Fact]
    public void Tables_may_be_packed_too()
    {
        var features = FeaturesOf(["city", "brand", "price"]);
        var model = DeepFmOf(features);
        var batch = Request(features, [5, 6, 39]);
        Assert.Equal(Scores(model.Freeze(TablePrecision.Half), batch), Scores(model.Freeze(features, TablePrecision.Half), batch), Near);
    }

    [Fact]
    public void Features_of_another_schema_are_refused()
    {
        var model = DeepFm.Create(Scope(), FeaturesOf(["city", "brand"]).Schema, new DeepFmOptions { Dimension = 4 });
        Assert.Throws<SchemaMismatchException>(() => model.Freeze(FeaturesOf(["city", "price"])));
    }

    [Fact]
    public void Keeping_can_be_cancelled()
    {
        var features = FeaturesOf(["city", "brand"]);
        var model = DeepFmOf(features);
        Assert.Throws<OperationCanceledException>(() => model.Freeze(features, cancel: new CancellationToken(canceled: true)));
    }

    private static void Check<TSelf, TOptions>(FeatureSet features, NeuralRanker<TSelf, TOptions> model)
        where TSelf : NeuralRanker<TSelf, TOptions>, INetwork<TSelf, TOptions>
        where TOptions : class, INetworkOptions<TOptions>, new()
    {
        Draw(model.Parameters);
        var frozen = model.Freeze(features);
        foreach (var items in (int[][])[[3], [-1], [39, Items, -5, 0], [.. Enumerable.Range(0, 30).Select(i => i * 11 % Items)],
            [.. Enumerable.Range(0, 200)]])
        {
            var batch = Request(features, items);
            var found = Scores(frozen, batch);
            Assert.Equal(Scores(model, batch), found, Near);
            var threaded = new float[items.Length];
            frozen.Score(batch, threaded, threads: 3);
            Assert.Equal(found, threaded);
            Allocations.AssertNone(() => frozen.Score(batch, threaded));
        }
    }

    private static ExampleBatch Request(FeatureSet features, int[] items)
    {
        var batch = features.CreateBatch(items.Length);
        var signals = new float[items.Length * features.Schema.Channels.Count];
        s_rng.FillNormal(5, signals);
        features.Assemble(new CandidateRequest(2, items) { ChannelSignals = signals, Position = 3, History = [8, 3, 8] }, batch);
        return batch;
    }

    private static float[] Scores(IRanker model, ExampleBatch batch)
    {
        var scores = new float[batch.Count];
        model.Score(batch, scores);
        return scores;
    }

    private static bool Near(float a, float b) => Math.Abs(a - b) < 1e-5;

    private static ParameterScope Scope() => ParameterScope.Initialise(3);

    private static DeepFm DeepFmOf(FeatureSet features)
    {
        var model = DeepFm.Create(Scope(), features.Schema, new DeepFmOptions { Dimension = 4, Hidden = [9] });
        Draw(model.Parameters);
        return model;
    }

    private static void Draw(ParameterSet parameters)
    {
        foreach (var parameter in parameters.Dense) s_rng.FillNormal(7, parameter.Mutable, 0, 0.3f);
        foreach (var table in parameters.Tables) s_rng.FillNormal(9, table.Mutable);
    }

    private static FeatureSet FeaturesOf(string[] names)
    {
        var users = Columns.From(Enumerable.Range(0, 5)).Text("city", i => $"c{i}").Number("age", i => i * 0.3).Build();
        var items = Columns.From(Enumerable.Range(0, Items))
            .Text("brand", i => $"b{i % 7}").Text("colour", i => $"c{i % 3}")
            .List("tags", i => Enumerable.Range(0, i % 3).Select(k => $"t{k + i % 4}"))
            .Number("price", i => i % 9 == 0 ? null : i * 0.02).Build();
        Feature[] parts = names.Contains("brands and colours") ? [Feature.Category("colour", Side.Item)] : [];
        return new FeatureSchema([.. parts, .. names.Select(FeatureOf), Feature.Label("click")]).Fit(users, items);
    }

    private static Feature FeatureOf(string name) => name switch
    {
        "city" => Feature.Category("city", Side.User),
        "age" => Feature.Number("age", Side.User),
        "tags" => Feature.MultiCategory("tags", Side.Item),
        "price" => Feature.Number("price", Side.Item, indicator: true),
        "als" => Feature.Channel("als"),
        "position" => Feature.Position("position"),
        "cities and brands" => Feature.Cross(name, "city", "brand"),
        "history" => Feature.Sequence(name, "brand"),
        "brands and colours" => Feature.Cross(name, "brand", "colour"),
        _ => Feature.Category("brand", Side.Item),
    };
}

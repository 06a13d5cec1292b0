using Recsys.Data;
using Recsys.Features;
using Recsys.Graphs;
using Recsys.Indexing;
using Recsys.Nn;
using Recsys.Numerics;
using Recsys.Persistence;
using Recsys.Rank;
using Recsys.Recall;
using Recsys.Tests.Contracts;
using Recsys.Tests.Recall;

namespace Recsys.Tests.Persistence;

/// <summary>
/// A small model of each kind of <see cref="ModelKinds.Standard"/>, by kind. A new kind adds one here; its files are fuzzed then, and
/// <c>Recsys.Tests write-golden kind path</c> freezes one.
/// </summary>
internal static class StandardModels
{
    public static IReadOnlyDictionary<string, Func<object>> Samples { get; } = new Dictionary<string, Func<object>>
    {
        [IdMap.Kind] = () => IdMap.FromStrings(["a", "user-1", "推荐", "another"]),
        [FeatureSet.Kind] = Features,
        [FittedSchema.Kind] = () => Features().Schema,
        [ExactIndex.Kind] = () => ExactIndex.Build([1, 2, 3, 4, 5, 6, 0.5f, -1], 2),
        [HnswIndex.Kind] = () => HnswIndex.Build(
            [1, 2, 3, 4, 5, 6, 0.5f, -1, 3, 3, 0, 1, 7, -2], 2,
            new HnswOptions { Links = 2, BuildBreadth = 3, SearchBreadth = 1 }).Without(2),
        [PStableIndex.Kind] = () => PStableIndex.Build([1, 2, 3, 4, 5, 6], 2, new PStableOptions { Width = 2 }).Without(1),
        [SimHashIndex.Kind] = () => SimHashIndex.Build([1, 2, 3, 4, 5, 6], 2).Without(1),
        [BoostingTree.Kind] = () => BoostingTree.Train([1, 2, 3, 4, 5, 6], 1, [1, 1, 2, 5, 5, 7], options: new() { Trees = 3 }),
        [Cart.Kind] = () => Cart.Train(
            [1, 5, 2, 4, 3, 3, 4, 1], 2, [0, 1, 1, 2], options: new() { Task = CartTask.Classification, MaxDepth = 3 }),
        [Gbdt.Kind] = () => Gbdt.Train([1, 2, 3, 4, 5, float.NaN], 1, [0, 0, 1, 0, 1, 1], options: new() { Trees = 2, MinChildWeight = 0 }),
        [GbdtLr.Kind] = WeightedLeaves,
        [ImportedTrees.Kind] = () => LightGbmModel.Load(Tests.Rank.ImportedFixture.File("lightgbm", "mixed")),
        [Afm.Kind] = () => Afm.Train(Clicks.Features, Clicks.Examples, new() { Dimension = 2, AttentionWidth = 2, Training = Short }),
        [AutoInt.Kind] = () => AutoInt.Train(Clicks.Features, Clicks.Examples, AutoIntOptions.Reference with
        { Dimension = 2, Layers = 2, HeadWidth = 2, Hidden = [3], Training = Short }),
        [DeepFfm.Kind] = () => DeepFfm.Train(Clicks.Features, Clicks.Examples, new() { Dimension = 2, Hidden = [3], Training = Short }),
        [FatDeepFfm.Kind] = () => FatDeepFfm.Train(
            Clicks.Features, Clicks.Examples, new() { Dimension = 2, Hidden = [3], ComposeByField = true, Training = Short }),
        [Fm.Kind] = () => Fm.Train(Clicks.Features, Clicks.Examples, new() { Factors = 2, Epochs = 2 }, Clicks.Examples),
        [Ffm.Kind] = () => Ffm.Train(Clicks.Features, Clicks.Examples, new() { Factors = 2, Epochs = 2, Linear = true }),
        [SvdFeature.Kind] = () => SvdFeature.Train(Clicks.Features, Clicks.Examples, new() { Factors = 2, Epochs = 2 }),
        [LogisticRegression.Kind] = ()
            => LogisticRegression.Train(SparseMatrix.FromRows(2, [[(0, 1f)], [(1, 1f)], [(0, 1f), (1, 2f)]]), [0, 1, 1]),
        [DcnV2.Kind] = () => DcnV2.Create(
            Drawn, Features().Schema, new() { Dimension = 2, Hidden = [3], Rank = 1, Parallel = true, BatchNorm = true }),
        [DeepFm.Kind] = () => DeepFm.Create(Drawn, Features().Schema, new() { Dimension = 2, Hidden = [3, 2], Dropout = 0.1f }),
        [Dnn.Kind] = () => Dnn.Create(Drawn, Features().Schema, new() { Dimension = 2, Hidden = [3, 2], Activation = Activation.Dice }),
        [Nfm.Kind] = () => Nfm.Create(Drawn, Features().Schema, new() { Dimension = 2, Hidden = [3], Output = NetworkOutput.Value }),
        [Pnn.Kind] = () => Pnn.Create(
            Drawn, Features().Schema, new() { Dimension = 2, Hidden = [3], Product = PnnProduct.Both, Activation = Activation.PRelu }),
        [WideDeep.Kind] = () => WideDeep.Create(
            Drawn, Features().Schema, new() { Dimension = 2, Hidden = [3], Wide = ["genres", "bucket"], Deep = ["item", "price"] }),
        [DeepWalk.Kind] = () => DeepWalk.Train(
            Graph.FromEdges(4, [0, 1, 2], [1, 2, 0]), NodeLabels.From([[0], [1], [], []]), new DeepWalkOptions { Dimensions = 4, Walks = 2 }),
        [ContentBased.Kind] = () => ContentBased.Train(ContractData.Communities(), Recall.ContentTests.Described(30)),
        [Ease.Kind] = () => Ease.Train(ContractData.Communities(), new EaseOptions { Regularization = 10 }),
        [Eges.Kind] = () => Eges.Train(
            ContractData.OneUser(), EgesData.Features(ContractData.OneUser()), new EgesOptions { Dimensions = 4, Walks = 2 }),
        [Item2Vec.Kind] = () => Item2Vec.Train(ContractData.Communities(), new Item2VecOptions { Dimensions = 4, Epochs = 2 }),
        [Als.Kind] = () => Als.Train(ContractData.Communities(), new AlsOptions { Factors = 4, Iterations = 2 }),
        [Bpr.Kind] = () => Bpr.Train(ContractData.Communities(), new BprOptions { Factors = 4, Epochs = 2, NegativePower = 0.5 }),
        [ItemCf.Kind] = () => ItemCf.Train(ContractData.Communities()),
        [Lfm.Kind] = () => Lfm.Train(ContractData.RatedCommunities(), new LfmOptions { Factors = 4, Epochs = 2 }),
        [PersonalRank.Kind] = () => PersonalRank.Train(ContractData.Communities(), new PersonalRankOptions { Precompute = 3 }),
        [Popularity.Kind] = () => Popularity.Train(ContractData.Communities()),
        [Swing.Kind] = () => Swing.Train(ContractData.Communities()),
        [UserCf.Kind] = () => UserCf.Train(ContractData.Communities()),
        [Warp.Kind] = () => Warp.Train(ContractData.Communities(), new WarpOptions { Factors = 4, Epochs = 2 }),
        [Recommender.Kind] = Composed,
    };

    private static Recsys.Nn.TrainerOptions Short => new() { Epochs = 2, Shards = 2 };

    private static (FeatureSet Features, Examples Examples) Clicks { get; } = Small();

    private static (FeatureSet, Examples) Small()
    {
        var features = new FeatureSchema(
            Feature.Id("user", Side.User), Feature.Id("item", Side.Item), Feature.MultiCategory("tags", Side.Item),
            Feature.Number("price", Side.Item, indicator: true), Feature.Label("click"))
            .Fit(
                Columns.From(Enumerable.Range(0, 3)).Text("none", _ => "").InIdOrder(),
                Columns.From(Enumerable.Range(0, 4)).List("tags", i => Enumerable.Range(0, i).Select(t => $"{t}"))
                    .Number("price", i => i == 2 ? null : i - 1.5).InIdOrder());
        return (features, features.Examples(new ExampleData
        { Users = [0, 1, 2, 0, 1, 2], Items = [0, 1, 2, 3, 0, 1], Labels = [[1, 0, 1, 1, 0, 0]] }));
    }

    private static FeatureSet Features()
    {
        var data = ContractData.Communities();
        var items = Columns.From(Enumerable.Range(0, data.ItemCount)).Text("id", item => data.Items.Name(item))
            .Text("genres", item => $"g{item % 3}|g{item % 4}").Number("price", item => item % 5 == 0 ? null : item).Build();
        return new FeatureSchema(
            Feature.Id("user", Side.User), Feature.Id("item", Side.Item), Feature.MultiCategory("genres", Side.Item, '|'),
            Feature.Buckets("bucket", Side.Item, 4, column: "price"), Feature.Number("price", Side.Item, NumberScale.Standardised),
            Feature.Label("taken")).Fit(items: items.KeyedBy("id"), train: data);
    }

    private static ParameterScope Drawn => ParameterScope.Initialise(7);

    private static GbdtLr WeightedLeaves()
    {
        var table = Columns.From(Enumerable.Range(0, 8)).Number("price", i => i).Number("taken", i => i is 1 or > 4 ? 1 : 0).Build();
        var features = new FeatureSchema(Feature.Number("price", Side.Context), Feature.Label("taken")).Fit(contexts: table);
        return GbdtLr.Train(features, features.Examples(table), new() { Trees = new() { Trees = 2, MinChildWeight = 0 } });
    }

    private static Recommender Composed()
    {
        var data = ContractData.Communities();
        var features = new FeatureSchema(Feature.Id("item", Side.Item), Feature.Channel("item-cf"), Feature.Label("taken"))
            .Fit(train: data);
        var examples = features.Examples(new ExampleData { Users = [0, 1], Items = [0, 1], Labels = [[0, 1]] });
        var ranker = LogisticRegression.Train(features, examples);
        return Recommender.For(data).Recall("item-cf", ItemCf.Train(data), quota: 8).Rank("lr", ranker, features)
            .Fallback("popular", Popularity.Train(data)).Build();
    }
}

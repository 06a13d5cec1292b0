namespace Recsys.Persistence;

/// <summary>
/// The kinds of models that files may hold: an explicit list, so that opening a file runs no code but that of the listed models. Immutable
/// and thread-safe.
/// </summary>
public sealed class ModelKinds
{
    private readonly Dictionary<string, Entry> _byName;
    private readonly Dictionary<Type, Entry> _byType;

    private ModelKinds(Dictionary<string, Entry> byName, Dictionary<Type, Entry> byType) => (_byName, _byType) = (byName, byType);

    /// <summary>The empty list.</summary>
    public static ModelKinds None { get; } = new(new(StringComparer.Ordinal), []);

    /// <summary>Every model of this library.</summary>
    // Names are qualified here, not imported: this list is the one place of this folder that knows models.
    public static ModelKinds Standard { get; } = None
        .With<Data.IdMap>()
        .With<Features.FeatureSet>()
        .With<Features.FittedSchema>()
        .With<Indexing.ExactIndex>()
        .With<Indexing.HnswIndex>()
        .With<Indexing.PStableIndex>()
        .With<Indexing.SimHashIndex>()
        .With<Rank.Afm>()
        .With<Rank.AutoInt>()
        .With<Rank.BoostingTree>()
        .With<Rank.Cart>()
        .With<Rank.Ffm>()
        .With<Rank.Fm>()
        .With<Rank.DeepFfm>()
        .With<Rank.FatDeepFfm>()
        .With<Rank.DcnV2>()
        .With<Rank.DeepFm>()
        .With<Rank.Dnn>()
        .With<Rank.Gbdt>()
        .With<Rank.GbdtLr>()
        .With<Rank.ImportedTrees>()
        .With<Rank.LogisticRegression>()
        .With<Rank.SvdFeature>()
        .With<Rank.Nfm>()
        .With<Rank.Pnn>()
        .With<Rank.WideDeep>()
        .With<Recall.Als>()
        .With<Recall.Bpr>()
        .With<Recall.DeepWalk>()
        .With<Recall.ContentBased>()
        .With<Recall.Ease>()
        .With<Recall.Eges>()
        .With<Recall.Item2Vec>()
        .With<Recall.ItemCf>()
        .With<Recall.Lfm>()
        .With<Recall.PersonalRank>()
        .With<Recall.Popularity>()
        .With<Recall.Swing>()
        .With<Recall.UserCf>()
        .With<Recall.Warp>()
        .With<Recommender>();

    /// <summary>The names of the kinds, sorted.</summary>
    public IReadOnlyList<string> Names => [.. _byName.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A list with one more kind.</summary>
    /// <exception cref="ArgumentException">The kind is in the list, has no name, or has a version below 1.</exception>
    public ModelKinds With<T>() where T : IModel<T>
    {
        if (string.IsNullOrEmpty(T.Kind) || EntryName.Defect(T.Kind) is not null || T.Version < 1)
            throw new ArgumentException($"{typeof(T).Name} needs a kind that is a plain name and a version of at least 1; it has " +
                $"'{T.Kind}' and {T.Version}.");
        if (_byName.TryGetValue(T.Kind, out var other))
            throw new ArgumentException($"The kind '{T.Kind}' of {typeof(T).Name} is already that of {other.Type.Name}.");
        var entry = new Entry(
            T.Kind, T.Version, typeof(T), static (writer, model) => ((T)model).Write(writer), static reader => T.Read(reader));
        return new(
            new Dictionary<string, Entry>(_byName, StringComparer.Ordinal) { [T.Kind] = entry },
            new Dictionary<Type, Entry>(_byType) { [typeof(T)] = entry });
    }

    internal Entry? Find(string kind) => _byName.GetValueOrDefault(kind);

    internal Entry Of(object model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return _byType.TryGetValue(model.GetType(), out var entry)
            ? entry
            : throw new ArgumentException($"{model.GetType().Name} is not in the list of kinds; add it with " +
                $"ModelKinds.Standard.With<{model.GetType().Name}>() " +
                "and pass that list.", nameof(model));
    }

    internal sealed record Entry(string Name, int Version, Type Type, Action<ModelWriter, object> Write, Func<ModelReader, object> Read);
}

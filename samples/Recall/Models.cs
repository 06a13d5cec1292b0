using Recsys.Data;
using Recsys.Features;
using Recsys.Recall;

namespace Recsys.Samples.Recall;

/// <summary>One line for each recall model: what to call, with which options.</summary>
internal static class Models
{
    public static IEnumerable<(string Name, Func<Interactions, IProgress<TrainProgress>, IRecaller> Train)> For(Catalogue catalogue)
    {
        yield return ("Popularity", (log, progress) => Popularity.Train(log, progress: progress));
        yield return ("ItemCf", (log, progress) => ItemCf.Train(log, progress: progress));
        yield return ("UserCf", (log, progress) => UserCf.Train(log, progress: progress));
        yield return ("Swing", (log, progress) => Swing.Train(log, progress: progress));
        yield return ("Ease", (log, progress) => Ease.Train(log, progress: progress));
        yield return ("Lfm", (log, progress) => Lfm.Train(log, progress: progress));
        yield return ("PersonalRank", (log, progress) => PersonalRank.Train(log, progress: progress));
        yield return ("ContentBased", (log, progress) => ContentBased.Train(
            log, TermVectors.FromColumn(catalogue.Items, "genres", log.Items), progress: progress));
        yield return ("Als", (log, progress) => Als.Train(log, progress: progress));
        yield return ("Bpr", (log, progress) => Bpr.Train(log, progress: progress));
        yield return ("Warp", (log, progress) => Warp.Train(log, progress: progress));
        yield return ("Item2Vec", (log, progress) => Item2Vec.Train(log, progress: progress));
        yield return ("DeepWalk", (log, progress) => DeepWalk.Train(log, progress: progress));
        yield return ("Eges", (log, progress) => Eges.Train(log, Genres(catalogue, log), progress: progress));
    }

    private static FeatureSet Genres(Catalogue catalogue, Interactions log)
        => new FeatureSchema(Feature.MultiCategory("genres", Side.Item)).Fit(items: catalogue.Items, itemIds: log.Items, train: log);
}

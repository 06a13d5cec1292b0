using Recsys.Nn;
using Recsys.Rank;

namespace Recsys.Samples.CtrModels;

/// <summary>A trained model with the validation AUC after each epoch; models that train otherwise have none.</summary>
internal sealed record Trained(IRanker Model, IReadOnlyList<EpochResult> History);

/// <summary>One line for each model of the family.</summary>
internal static class Models
{
    private const int Dimension = 16;
    private static readonly int[] Hidden = [128, 64];

    public static IEnumerable<(string Name, Func<Clicks, TrainerOptions, IProgress<TrainProgress>, Trained> Train)> All()
    {
        yield return ("LogisticRegression", (c, _, progress) => new(LogisticRegression.Train(c.Features, c.Train, progress: progress), []));
        yield return ("Fm", (c, _, progress) => new(Fm.Train(c.Features, c.Train, new() { Factors = Dimension }, c.Validation, progress: progress), []));
        yield return ("Ffm", (c, _, progress) => new(Ffm.Train(c.Features, c.Train, validation: c.Validation, progress: progress), []));
        yield return ("Dnn", (c, training, progress) => Neural(Dnn.Train(
            c.Features, c.Train, new() { Dimension = Dimension, Hidden = Hidden, Training = training }, c.Validation, progress: progress)));
        yield return ("WideDeep", (c, training, progress) => Neural(WideDeep.Train(
            c.Features, c.Train, new() { Dimension = Dimension, Hidden = Hidden, Training = training }, c.Validation, progress: progress)));
        yield return ("Nfm", (c, training, progress) => Neural(Nfm.Train(
            c.Features, c.Train, new() { Dimension = Dimension, Hidden = [64], Training = training }, c.Validation, progress: progress)));
        yield return ("Pnn", (c, training, progress) => Neural(Pnn.Train(
            c.Features, c.Train, new() { Dimension = Dimension, Hidden = Hidden, Training = training }, c.Validation, progress: progress)));
        yield return ("DcnV2", (c, training, progress) => Neural(DcnV2.Train(
            c.Features, c.Train, new() { Dimension = Dimension, Hidden = Hidden, Training = training }, c.Validation, progress: progress)));
        yield return ("DeepFm", (c, training, progress) => Neural(DeepFm.Train(
            c.Features, c.Train, new() { Dimension = Dimension, Hidden = Hidden, Training = training }, c.Validation, progress: progress)));
        yield return ("Afm", (c, training, progress) => Neural(Afm.Train(
            c.Features, c.Train, new() { Dimension = Dimension, Training = training }, c.Validation, progress: progress)));
        yield return ("DeepFfm", (c, training, progress) => Neural(DeepFfm.Train(
            c.Features, c.Train, new() { Dimension = 8, Hidden = Hidden, Training = training }, c.Validation, progress: progress)));
        yield return ("FatDeepFfm", (c, training, progress) => Neural(FatDeepFfm.Train(
            c.Features, c.Train, new() { Dimension = 8, Hidden = Hidden, Training = training }, c.Validation, progress: progress)));
        yield return ("AutoInt", (c, training, progress) => Neural(AutoInt.Train(
            c.Features, c.Train, new() { Dimension = Dimension, Layers = 2, HeadWidth = 16, Training = training }, c.Validation,
            progress: progress)));
    }

    private static Trained Neural<TModel, TOptions>(NeuralRanker<TModel, TOptions> model)
        where TModel : NeuralRanker<TModel, TOptions>, INetwork<TModel, TOptions>
        where TOptions : class, INetworkOptions<TOptions>, new()
        => new(model, model.History);
}

using Recsys.Nn;
using Recsys.Rank;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Rank;

public sealed class AutoIntTests : NeuralRankerContract<AutoInt, AutoIntOptions>
{
    private protected override AutoIntOptions Options(TrainerOptions training, bool smooth) => new()
    {
        Dimension = 6,
        Layers = 2,
        HeadWidth = 6,
        Activation = smooth ? Activation.Tanh : Activation.Relu,
        Dropout = smooth ? 0 : 0.05f,
        Training = training,
    };
}

public sealed class AutoIntOfItsAuthorsTests : NeuralRankerContract<AutoInt, AutoIntOptions>
{
    private protected override AutoIntOptions Options(TrainerOptions training, bool smooth) => AutoIntOptions.Reference with
    {
        Dimension = 6,
        Layers = 2,
        HeadWidth = 6,
        RectifiedProjections = !smooth,
        Activation = smooth ? Activation.Tanh : Activation.Relu,
        Hidden = [8],
        Training = training,
    };
}

public sealed class AfmTests : NeuralRankerContract<Afm, AfmOptions>
{
    private protected override AfmOptions Options(TrainerOptions training, bool smooth)
        => new() { Dimension = 8, AttentionWidth = 4, Activation = smooth ? Activation.Tanh : Activation.Relu, Training = training };
}

public sealed class DeepFfmTests : NeuralRankerContract<DeepFfm, DeepFfmOptions>
{
    private protected override DeepFfmOptions Options(TrainerOptions training, bool smooth)
        => new() { Dimension = 3, Hidden = [8], Activation = smooth ? Activation.Tanh : Activation.Relu, Training = training };
}

public sealed class DeepFfmOfInnerProductsTests : NeuralRankerContract<DeepFfm, DeepFfmOptions>
{
    private protected override DeepFfmOptions Options(TrainerOptions training, bool smooth) => new()
    {
        Dimension = 3,
        Hidden = [8],
        Product = PairProduct.Inner,
        Activation = smooth ? Activation.Tanh : Activation.Relu,
        Training = training,
    };
}

public sealed class FatDeepFfmTests : NeuralRankerContract<FatDeepFfm, FatDeepFfmOptions>
{
    private protected override FatDeepFfmOptions Options(TrainerOptions training, bool smooth)
        => new() { Dimension = 3, Hidden = [8], Activation = smooth ? Activation.Tanh : Activation.Relu, Training = training };
}

// ŷ = σ(w · φ(x) + h · a^L + b),   a^l = relu(W^l a^{l-1} + b^l),   a⁰ = [e_1 … e_F, x_1 … x_n]
// φ(x): the codes of categories and of crosses, φ_k = Π x_i^{c_ki}. Both sides learn at once: w by FTRL with L1, the rest by Adagrad.
// Cheng et al., "Wide & deep learning for recommender systems", DLRS 2016, eq. 1 to 3.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="WideDeep"/>. Defaults: the paper's, embeddings of 32 and hidden layers of 1024, 512 and 256.</summary>
public sealed record WideDeepOptions : DeepOptions, INetworkOptions<WideDeepOptions>
{
    /// <summary>The defaults.</summary>
    public WideDeepOptions()
    {
        (Dimension, Hidden) = (32, [1024, 512, 256]);
        Training = new TrainerOptions { Optimizer = new Adagrad { LearningRate = 0.05f } };
    }

    /// <summary>Names of the features of the wide side. Default empty: all that have codes; crosses are the point of it.</summary>
    public IReadOnlyList<string> Wide { get; init => field = Guard.NotNull(value); } = [];

    /// <summary>Names of the features of the deep side. Default empty: all but crosses.</summary>
    public IReadOnlyList<string> Deep { get; init => field = Guard.NotNull(value); } = [];

    /// <summary>
    /// Trains the wide side; the deep side is trained by <see cref="TrainerOptions.Optimizer"/>. Default FTRL, α 0.1, λ₁ 1e-5.
    /// </summary>
    public Optimizer WideOptimizer { get; init => field = Guard.NotNull(value); } = new Ftrl { LearningRate = 0.1f, L1 = 1e-5f };

    /// <inheritdoc/>
    public override void Write(ModelWriter writer)
    {
        base.Write(writer);
        writer.Texts("wide", Wide);
        writer.Texts("deep", Deep);
    }

    /// <inheritdoc/>
    public static WideDeepOptions Read(ModelReader reader)
        => Read<WideDeepOptions>(reader) with { Wide = reader.Texts("wide"), Deep = reader.Texts("deep") };
}

/// <summary>A linear model that memorises crosses beside a deep network that generalises. Score: probability of a click.</summary>
public sealed class WideDeep : NeuralRanker<WideDeep, WideDeepOptions>, INetwork<WideDeep, WideDeepOptions>
{
    private readonly LinearTerms _wide;
    private readonly DeepInput _input;
    private readonly Tower _deep;

    private WideDeep(ParameterScope scope, FittedSchema schema, WideDeepOptions options) : base(scope, schema, options)
    {
        var coded = schema.Inputs.Where(f => f.Shape is FeatureShape.Code or FeatureShape.Codes);
        var plain = schema.Inputs.Where(f => f.Kind != FeatureKind.Cross);
        _wide = new LinearTerms(scope.Scope("wide").TrainedBy(options.WideOptimizer), schema, Named(schema, options.Wide, coded));
        _input = new DeepInput(scope, schema, Named(schema, options.Deep, plain), options.Dimension);
        _deep = new Tower(scope.Scope("deep"), _input.Width, options);
    }

    /// <inheritdoc/>
    public static string Kind => "wide-deep";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public static WideDeep Create(ParameterScope scope, FittedSchema schema, WideDeepOptions options) => new(scope, schema, options);

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
        => _wide.Of(tape, batch) + _deep.Of(_input.Parts(tape, batch));   // [B] + [B]

    private static FittedFeature[] Named(FittedSchema schema, IReadOnlyList<string> names, IEnumerable<FittedFeature> others)
        => names.Count == 0 ? [.. others] : [.. names.Select(name => schema[name])];
}

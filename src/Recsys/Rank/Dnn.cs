// ŷ = σ(h · a^L + b),   a^l = f(W^l a^{l-1} + b^l),   a⁰ = [e_1 … e_F, x_1 … x_n]: embeddings of the coded fields, then the numbers
// Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 1986; embeddings and one tower as in
// Covington, Adams and Sargin, "Deep neural networks for YouTube recommendations", RecSys 2016, section 4.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="Dnn"/>. Defaults: embeddings of 16, hidden layers of 256 and 128.</summary>
public sealed record DnnOptions : DeepOptions, INetworkOptions<DnnOptions>
{
    /// <summary>The defaults.</summary>
    public DnnOptions() => (Dimension, Hidden) = (16, [256, 128]);

    /// <inheritdoc/>
    public static DnnOptions Read(ModelReader reader) => Read<DnnOptions>(reader);
}

/// <summary>
/// Hidden layers over embeddings and numbers: the plain deep network that the others are measured against. Numbers enter as they are; scale
/// them in the schema.
/// </summary>
public sealed class Dnn : NeuralRanker<Dnn, DnnOptions>, INetwork<Dnn, DnnOptions>
{
    private readonly DeepInput _input;
    private readonly Tower _deep;

    private Dnn(ParameterScope scope, FittedSchema schema, DnnOptions options) : base(scope, schema, options)
    {
        _input = new DeepInput(scope, schema, schema.Inputs, options.Dimension);
        _deep = new Tower(scope.Scope("deep"), _input.Width, options);
    }

    /// <inheritdoc/>
    public static string Kind => "dnn";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public static Dnn Create(ParameterScope scope, FittedSchema schema, DnnOptions options) => new(scope, schema, options);

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var x = _input.Parts(tape, batch);   // [B, F k + n]
        return _deep.Of(x);                  // [B]
    }
}

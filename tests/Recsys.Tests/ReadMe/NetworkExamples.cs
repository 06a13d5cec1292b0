using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;
using Recsys.Rank;
using Recsys.Tests.Nn;

namespace Recsys.Tests.ReadMe;

/// <summary>What the README says of networks, run as it stands there.</summary>
public sealed class NetworkExamples : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-readme-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_network_is_trained_with_validation_and_a_checkpoint()
    {
        var clicks = new PlantedClicks(800);
        var features = clicks.Features;
        var (train, validation) = clicks.Examples.Split(0.8);
        var checkpoint = Path.Combine(_folder, "training");

        // README: deep
        var model = DeepFm.Train(features, train, new()
        {
            Dimension = 16,
            Hidden = [128, 64],
            Training = new() { Epochs = 20, Patience = 2, Metric = ValidationMetric.Higher("AUC", AucMetrics.Auc), Checkpoint = new(checkpoint) },
        }, validation);
        var small = model.Freeze(TablePrecision.Int8);
        var serving = model.Freeze(features);   // keeps what the first layer makes of each item: requests take half the time
        // README: end

        Assert.NotEmpty(model.History);
        Assert.Equal(model.Parameters.Count, serving.Parameters.Count);
        Assert.Equal(TablePrecision.Int8, small.Parameters.Tables[0].Precision);
    }

    [Fact]
    public void A_network_of_ones_own_is_trained_and_saved()
    {
        var clicks = new PlantedClicks(300);
        var mine = Mine.Train(clicks.Features, clicks.Examples, new() { Dimension = 4, Hidden = [8], Training = new() { Epochs = 1 } });
        var path = Path.Combine(_folder, "mine");
        ModelFile.Save(path, mine);
        Assert.Equal(mine.Parameters.Count, ModelFile.Load<Mine>(path).Parameters.Count);
    }
}

// README: network
public sealed class Mine : NeuralRanker<Mine, MyOptions>, INetwork<Mine, MyOptions>
{
    private readonly LinearTerms _linear;
    private readonly FieldEmbedding _fields;
    private readonly Tower _deep;

    private Mine(ParameterScope scope, FittedSchema schema, MyOptions options) : base(scope, schema, options)
    {
        _linear = new(scope.Scope("linear"), schema);
        _fields = new(scope.Scope("fields"), schema, options.Dimension);
        _deep = new(scope.Scope("deep"), _fields.Width + options.Dimension, options);
    }

    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var e = _fields.Of(tape, batch);                                     // [B, F, k]
        var x = InteractionOps.Concat(e.Flatten(), e.BiInteraction());       // [B, (F + 1) k]
        return _linear.Of(tape, batch) + _deep.Of(x);                        // [B]
    }

    public static string Kind => "mine";
    public static int Version => 1;
    public static Mine Create(ParameterScope scope, FittedSchema schema, MyOptions options) => new(scope, schema, options);
}

public sealed record MyOptions : DeepOptions, INetworkOptions<MyOptions>
{
    public static MyOptions Read(ModelReader reader) => Read<MyOptions>(reader);
}
// README: end

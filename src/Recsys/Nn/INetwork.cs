using Recsys.Features;
using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>A network over features: one constructor makes it, with weights drawn or read.</summary>
/// <typeparam name="TSelf">The network.</typeparam>
/// <typeparam name="TOptions">Its options.</typeparam>
public interface INetwork<TSelf, TOptions> : IModel<TSelf>
    where TSelf : INetwork<TSelf, TOptions>
    where TOptions : INetworkOptions<TOptions>
{
    /// <summary>Makes the network.</summary>
    static abstract TSelf Create(ParameterScope scope, FittedSchema schema, TOptions options);
}

/// <summary>Options of a network: its shape, which goes into the file, and how it is trained, which doesn't.</summary>
/// <typeparam name="TSelf">The options.</typeparam>
public interface INetworkOptions<TSelf> where TSelf : INetworkOptions<TSelf>
{
    /// <summary>How it is trained.</summary>
    TrainerOptions Training { get; }

    /// <summary>What the output means.</summary>
    NetworkOutput Output => NetworkOutput.Click;

    /// <summary>Writes the shape of the network.</summary>
    void Write(ModelWriter writer);

    /// <summary>Reads the shape of the network.</summary>
    static abstract TSelf Read(ModelReader reader);
}

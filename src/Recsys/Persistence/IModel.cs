namespace Recsys.Persistence;

/// <summary>A model that can be written to and read from a file. The kind and version are part of the file.</summary>
/// <typeparam name="TSelf">The model itself.</typeparam>
public interface IModel<TSelf> where TSelf : IModel<TSelf>
{
    /// <summary>The name of this kind of model in files; never changes once released.</summary>
    static abstract string Kind { get; }

    /// <summary>The version that <see cref="Write"/> writes, from 1; <see cref="Read"/> accepts every version up to it.</summary>
    static abstract int Version { get; }

    /// <summary>Writes everything that scoring needs: the file loads without the training data.</summary>
    void Write(ModelWriter writer);

    /// <summary>Builds the model from a file.</summary>
    /// <exception cref="InvalidDataException">The file does not hold a valid model of this kind; the message names the entry.</exception>
    static abstract TSelf Read(ModelReader reader);
}

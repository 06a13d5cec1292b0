namespace Recsys.Persistence;

/// <summary>Gives the entries of one model file.</summary>
public sealed class ModelReader
{
}

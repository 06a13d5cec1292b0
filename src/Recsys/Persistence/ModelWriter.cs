namespace Recsys.Persistence;

/// <summary>Collects the entries of one model file.</summary>
public sealed class ModelWriter
{
}

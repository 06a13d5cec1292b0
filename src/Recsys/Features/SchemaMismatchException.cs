namespace Recsys.Features;

/// <summary>Two schemas that should fit each other do not: the message names the feature and what differs.</summary>
public sealed class SchemaMismatchException : Exception
{
    /// <summary>A mismatch.</summary>
    public SchemaMismatchException() : base("The feature schemas differ.")
    {
    }

    /// <summary>A mismatch described by the message.</summary>
    public SchemaMismatchException(string message) : base(message)
    {
    }

    /// <summary>A mismatch described by the message, with its cause.</summary>
    public SchemaMismatchException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

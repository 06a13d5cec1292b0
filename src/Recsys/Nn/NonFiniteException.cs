namespace Recsys.Nn;

/// <summary>A training met NaN or infinity and stopped; the message names the op or parameter and the step.</summary>
public sealed class NonFiniteException : ArithmeticException
{
    /// <summary>Without a message.</summary>
    public NonFiniteException()
    {
    }

    /// <summary>With a message.</summary>
    public NonFiniteException(string message) : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public NonFiniteException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

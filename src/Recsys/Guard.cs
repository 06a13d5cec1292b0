using System.Numerics;
using System.Runtime.CompilerServices;

namespace Recsys;

/// <summary>Checks for <c>init</c> accessors of options and for arguments: each returns the value or throws naming it, what it was and the rule.</summary>
internal static class Guard
{
    public static T AtLeast<T>(T minimum, T value, [CallerMemberName] string name = "") where T : INumber<T>
        => value >= minimum ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {minimum}.");

    public static T Positive<T>(T value, [CallerMemberName] string name = "") where T : INumber<T>
        => value > T.Zero && !T.IsInfinity(value)
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be positive and finite.");

    public static T InRange<T>(T minimum, T maximum, T value, [CallerMemberName] string name = "") where T : INumber<T>
        => value >= minimum && value <= maximum
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must lie between {minimum} and {maximum}.");

    public static T Defined<T>(T value, [CallerMemberName] string name = "") where T : struct, Enum
        => Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is not a defined {typeof(T).Name}.");

    public static T NotNull<T>(T value, [CallerMemberName] string name = "") where T : class
        => value ?? throw new ArgumentNullException(name, $"{name} must not be null.");
}

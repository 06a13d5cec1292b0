namespace Recsys.Data;

/// <summary>A log cut into parts that share its id maps. Says how it was cut and what could make its numbers misleading.</summary>
/// <param name="Train">What models learn from.</param>
/// <param name="Test">What they are judged on.</param>
/// <param name="Validation">What options are chosen on; null if none was asked for.</param>
/// <param name="Description">How the log was cut, in a few words.</param>
/// <param name="Warnings">Leaks and oddities, one sentence each; empty if there are none.</param>
public sealed record Split(
    Interactions Train, Interactions Test, Interactions? Validation, string Description, IReadOnlyList<string> Warnings);

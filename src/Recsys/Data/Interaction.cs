namespace Recsys.Data;

/// <summary>One row of an interaction log, in dense ids.</summary>
/// <param name="User">Dense user id.</param>
/// <param name="Item">Dense item id.</param>
/// <param name="Value">Strength or rating; finite.</param>
/// <param name="Time">Unix seconds; <see cref="Interactions.NoTime"/> where the row has none.</param>
/// <param name="Event">Index into <see cref="Interactions.EventTypes"/>; 0 without event types.</param>
public readonly record struct Interaction(int User, int Item, float Value, long Time, byte Event);

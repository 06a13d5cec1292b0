namespace Recsys.Data;

/// <summary>What becomes of a row without a time when other rows have one.</summary>
public enum MissingTime
{
    /// <summary>It is an error that names the row.</summary>
    Error,

    /// <summary>
    /// All rows of a user who has such a row keep their input order, which is taken for the order of time; the row's time
    /// is <see cref="Interactions.NoTime"/>.
    /// </summary>
    KeepInputOrder,

    /// <summary>
    /// As <see cref="KeepInputOrder"/>, and the row takes the time of the nearest earlier row of its user that has one, else of the nearest
    /// later; <see cref="Interactions.NoTime"/> is left only for users without any time.
    /// </summary>
    FromNeighbour,
}

namespace Recsys.Data;

/// <summary>A user of a <see cref="SyntheticWorld"/>.</summary>
/// <param name="Id">Dense id, the user's place in <see cref="SyntheticWorld.Users"/>.</param>
/// <param name="Key">External id, such as "user-42".</param>
/// <param name="Gender">"F", "M" or "X".</param>
/// <param name="Age">Years, 16..80.</param>
/// <param name="Occupation">One of twelve.</param>
/// <param name="City">One of twenty.</param>
/// <param name="SignedUp">No session is earlier.</param>
public sealed record SyntheticUser(int Id, string Key, string Gender, int Age, string Occupation, string City, DateTimeOffset SignedUp);

/// <summary>An item of a <see cref="SyntheticWorld"/>.</summary>
/// <param name="Id">Dense id, the item's place in <see cref="SyntheticWorld.Items"/>.</param>
/// <param name="Key">External id, such as "item-17".</param>
/// <param name="Title">Readable, in English, and unique.</param>
/// <param name="Genres">One to three different genres, the main one first.</param>
/// <param name="Price">In whole cents, above 0.</param>
/// <param name="Released">Nobody is shown the item earlier.</param>
/// <param name="Brand">One of forty; a brand has one shop.</param>
/// <param name="Shop">One of twelve.</param>
public sealed record SyntheticItem(
    int Id, string Key, string Title, IReadOnlyList<string> Genres, double Price, DateTimeOffset Released, string Brand, string Shop);

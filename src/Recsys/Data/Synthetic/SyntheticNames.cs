using System.Globalization;

namespace Recsys.Data;

/// <summary>The words of a synthetic world: genres, titles, brands, shops, occupations, cities.</summary>
internal static class SyntheticNames
{
    public const int BrandCount = 40;

    public static readonly string[] Genders = ["F", "M", "X"];

    public static readonly string[] Occupations =
        ["student", "teacher", "engineer", "nurse", "doctor", "artist", "clerk", "driver", "cook", "lawyer", "farmer", "retired"];

    /// <summary>How much a high price puts each occupation off, in logits per standard deviation of the logarithm of the price.</summary>
    public static readonly double[] PriceSensitivity = [1.4, 0.8, 0.4, 0.8, 0.2, 1.0, 0.9, 1.0, 1.0, 0.2, 0.9, 1.2];

    public static readonly string[] Cities =
    [
        "Lisbon", "Oslo", "Vienna", "Prague", "Dublin", "Helsinki", "Athens", "Warsaw", "Porto", "Ghent",
        "Lyon", "Turin", "Graz", "Bergen", "Tampere", "Gdansk", "Cork", "Basel", "Malmo", "Utrecht",
    ];

    public static readonly string[] Shops =
    [
        "Corner House", "Blue Door", "Old Mill", "Market Hall", "North Pier", "The Attic", "Lantern Street", "Harbour Store",
        "Green Arcade", "Station Shop", "Paper Boat", "Tall Window",
    ];

    public static readonly string[] Genres =
    [
        "Drama", "Comedy", "Action", "Thriller", "Romance", "Adventure", "Crime", "Science Fiction", "Horror", "Fantasy", "Family",
        "Mystery", "Animation", "History", "Music", "War", "Documentary", "Western",
    ];

    // No noun stands in two genres, so titles of different main genres cannot meet.
    private static readonly string[] Nouns =
    [
        "Inheritance Promise Winter Letter Orchard Verdict Silence Daughter Bridge Confession Return Tide",
        "Wedding Neighbour Holiday Uncle Landlord Goose Mix-Up Reunion Picnic Barber Parrot Dinner",
        "Strike Chase Bullet Convoy Commando Fury Fist Countdown Blade Overdrive Storm Siege",
        "Witness Alibi Signal Hostage Conspiracy Passenger Deadline Informant Trap Cipher Pursuit Double",
        "Kiss Serenade Heart Valentine Summer Sweetheart Embrace Rendezvous Rose Longing Dance Honeymoon",
        "Voyage Island Compass Treasure Summit River Expedition Jungle Caravan Horizon Map Lagoon",
        "Heist Vault Mobster Ledger Getaway Racket Warden Forger Jury Safecracker Syndicate Bribe",
        "Orbit Android Nebula Colony Starship Paradox Reactor Galaxy Clone Antenna Satellite Singularity",
        "Cellar Haunting Scarecrow Crypt Nightmare Coven Shadow Graveyard Curse Mirror Asylum Howl",
        "Dragon Wizard Crown Oracle Griffin Sword Enchantress Realm Talisman Giant Unicorn Spell",
        "Puppy Birthday Treehouse Grandmother Kitten Campfire Kite Sleigh Bakery Playground Pony Snowman",
        "Detective Riddle Footprint Clue Manor Disappearance Key Puzzle Lighthouse Portrait Stranger Locket",
        "Robot Hedgehog Toy Penguin Cloud Balloon Squirrel Teapot Firefly Sock Pumpkin Marionette",
        "Empire Queen Revolution Cathedral Emperor Dynasty Parliament Treaty Pharaoh Senate Explorer Throne",
        "Ballad Piano Orchestra Encore Melody Violin Chorus Drummer Jukebox Opera Trumpet Refrain",
        "Battalion Trench Frontline Admiral Medal Armistice Regiment Submarine Barricade Sergeant Outpost Ambush",
        "Glacier Harvest Savanna Archive Reef Migration Factory Village Rainforest Archipelago Workshop Desert",
        "Sheriff Saloon Outlaw Canyon Stagecoach Prairie Ranger Lasso Gunslinger Mesa Homestead Rodeo",
    ];

    private static readonly string[][] NounsOfGenre = Array.ConvertAll(Nouns, line => line.Split(' '));

    private static readonly string[] Adjectives =
        ("Silent Golden Broken Hidden Crimson Distant Burning Frozen Secret Lonely Gentle Hollow Wandering Midnight Forgotten Velvet " +
         "Restless Emerald Stolen Quiet Shining Bitter Northern Invisible Fearless Paper Scarlet Endless Little Electric Last Curious " +
         "Silver Wild Patient Borrowed Laughing Ancient Perfect Reckless").Split(' ');

    /// <summary>
    /// The title of the item that comes <paramref name="ordinal"/>-th among those of its main genre: a different one for each pair.
    /// </summary>
    public static string Title(int genre, int ordinal)
    {
        var nouns = NounsOfGenre[genre];
        var pairs = Adjectives.Length * nouns.Length;
        var row = ordinal % pairs % Adjectives.Length;
        // 11 and 40 have no common factor, so this walks over all adjectives; shifting the noun by the row keeps the pairs different.
        var adjective = Adjectives[(row * 11 + genre * 7) % Adjectives.Length];
        var noun = nouns[(ordinal % pairs / Adjectives.Length + row) % nouns.Length];
        return (ordinal / pairs) switch
        {
            0 => $"The {adjective} {noun}",
            1 => $"{adjective} {noun}",
            var part => string.Create(CultureInfo.InvariantCulture, $"{adjective} {noun} {part}"),
        };
    }

    /// <summary>A made-up name; <paramref name="brand"/> is 0..39.</summary>
    public static string Brand(int brand)
    {
        string[] starts = ["Al", "Bren", "Cor", "Del", "Fen", "Hal", "Lor", "Mar"];
        string[] ends = ["ando", "ivo", "etta", "wick", "una"];
        return starts[brand % starts.Length] + ends[brand / starts.Length];
    }
}

using Recsys.Data;
using Recsys.Features;

namespace Recsys.Samples.Recall;

/// <summary>An event log with the genres of its items.</summary>
internal sealed record Catalogue(string Name, Interactions Log, Columns Items)
{
    public static Catalogue Synthetic()
    {
        var world = SyntheticWorld.Create();
        return new Catalogue("the synthetic world", world.Clicks,
            Columns.From(world.Items).Key("item", i => i.Key).List("genres", i => i.Genres));
    }

    public static Catalogue MovieLens(string folder)
    {
        var films = Data.MovieLens.Load(folder);
        var log = films.Log.MinValue(4);
        return new Catalogue($"{films.Name}, ratings of 4 and more", log,
            Columns.From(Enumerable.Range(0, log.ItemCount)).Key("item", log.Items.Name).List("genres", i => films.Items[i].Genres));
    }
}

using System.Diagnostics;
using Recsys.Data;
using Recsys.Recall;

namespace Recsys.Quality.Suites;

/// <summary>Embeddings of items from baskets: Item2Vec beside gensim.</summary>
internal sealed class EmbeddingSuite : Suite
{
    public override string Name => "embeddings";

    public override string Question => "Are the nearest items of Item2Vec as good as those of gensim?";

    public override bool Run(DataFolders data) => NextItem(data);

    // benchmarks/peers/item2vec.py FOLDER prints gensim's; both train 20 epochs on all but each user's last item.
    private static bool NextItem(DataFolders data)
    {
        if (data.Find("ml-1m") is not { } folder) return true;
        var split = Splits.LeaveLastOut(MovieLens.Load(folder).Log);
        var table = new ResultTable("ml-1m: the user's last item among the nearest by cosine, seen items left out");
        foreach (var (name, options, asked) in new (string, Item2VecOptions, bool)[]
        {
            ("Item2Vec, skip-gram", new(), true),
            ("Item2Vec, skip-gram, 1 block", new() { Shards = 1 }, false),
            ("Item2Vec, cosine of the mean", new() { Scoring = EmbeddingScoring.Cosine }, false),
            ("Item2Vec, history decay 0.9", new() { HistoryDecay = 0.9f }, false),
            ("Item2Vec, CBOW", new() { Objective = Item2VecObjective.Cbow }, false),
        })
        {
            var start = Stopwatch.GetTimestamp();
            var model = Item2Vec.Train(split.Train, options);
            Console.WriteLine($"  {name}: trained in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
            var list = new ScoredItem[20];
            int last10 = 0, last20 = 0, mean10 = 0, mean20 = 0, users = 0;
            for (var user = 0; user < split.Train.UserCount; user++)
            {
                var seen = split.Train.ItemsOf(user);
                if (split.Test.ItemsOf(user).IsEmpty || seen.IsEmpty) continue;
                users++;
                var target = split.Test.ItemsOf(user)[0];
                var filter = new ItemFilter { Exclude = seen };
                var place = Place(list.AsSpan(0, model.SimilarItems(seen[^1], filter, list)), target);
                (last10, last20) = (last10 + (place < 10 ? 1 : 0), last20 + (place < 20 ? 1 : 0));
                place = Place(list.AsSpan(0, model.Recall(new RecallRequest(user) { Filter = filter }, list)), target);
                (mean10, mean20) = (mean10 + (place < 10 ? 1 : 0), mean20 + (place < 20 ? 1 : 0));
            }
            table.Add(name, "HR@10 of the last", (double)last10 / users, published: asked ? "0.1209 (gensim, measured)" : null,
                atLeast: asked ? 0.115 : null);
            table.Add(name, "HR@20 of the last", (double)last20 / users, published: asked ? "0.1748 (gensim, measured)" : null,
                atLeast: asked ? 0.169 : null);
            table.Add(name, "HR@10 of the user", (double)mean10 / users, published: asked ? "0.0171 (gensim, measured)" : null);
            table.Add(name, "HR@20 of the user", (double)mean20 / users, published: asked ? "0.0366 (gensim, measured)" : null);
        }
        table.Print();
        return table.Kept;
    }

    private static int Place(ReadOnlySpan<ScoredItem> list, int item)
    {
        for (var i = 0; i < list.Length; i++)
            if (list[i].Item == item) return i;
        return int.MaxValue;
    }
}

using Recsys.Data;
using Recsys.Persistence;

namespace Recsys.Tests.Contracts;

/// <summary>How a contract test wants a training run.</summary>
public sealed record ContractRun(int Threads = 1, IProgress<TrainProgress>? Progress = null, CancellationToken Cancel = default);

/// <summary>
/// What every recaller must pass. Derive one sealed public class for each recaller, or for each set of options worth its own run, and
/// override
/// what differs: <c>public sealed class ItemCfContract : RecallerContract&lt;ItemCf&gt; { … }</c>.
/// </summary>
public abstract partial class RecallerContract<TModel> where TModel : class, IRecaller, IModel<TModel>
{
    // xunit makes a new instance for each test; models are immutable, so all tests of a class share theirs.
    private static readonly Dictionary<(Type, string), (Interactions Data, TModel Model)> Models = [];

    /// <summary>
    /// Trains on that data with fixed options that suit these small logs; passes the threads, progress and cancellation of the run on.
    /// </summary>
    protected abstract TModel Train(Interactions data, ContractRun run);

    /// <summary>One action for each option, setting it out of its range; empty only for a model without options.</summary>
    protected abstract IReadOnlyList<Action> InvalidOptions { get; }

    /// <summary>
    /// Whether every item of the catalogue has a score, so that a list is as long as can be. False for neighbourhood models and the like.
    /// </summary>
    protected virtual bool ScoresEveryItem => true;

    /// <summary>Whether a list is the beginning of every longer one. False where each group fills its share of a list.</summary>
    protected virtual bool ListsArePrefixes => true;

    /// <summary>Whether lists differ between users. False for popularity.</summary>
    protected virtual bool Personalised => true;

    /// <summary>Whether a user given by a history alone gets that user's list.</summary>
    protected virtual bool FoldsIn => Personalised;

    /// <summary>Whether an unknown user without a history gets a list rather than nothing.</summary>
    protected virtual bool ServesUnknownUsers => !Personalised;

    /// <summary>Whether training takes long enough to report progress and to be cancelled. False for models that only count.</summary>
    protected virtual bool ReportsProgress => true;

    /// <summary>A log with a known right answer: <see cref="ContractData.Communities"/>, or the rated ones for models of ratings.</summary>
    protected virtual Interactions KnownData() => ContractData.Communities();

    private Interactions Known => Shared(nameof(Known), KnownData).Data;

    private TModel KnownModel => Shared(nameof(Known), KnownData).Model;

    private static readonly Func<Interactions> SkewedData = ContractData.Skewed;

    private Interactions Skewed => Shared(nameof(Skewed), SkewedData).Data;

    private TModel SkewedModel => Shared(nameof(Skewed), SkewedData).Model;

    private (Interactions Data, TModel Model) Shared(string name, Func<Interactions> make)
    {
        lock (Models)
        {
            if (Models.TryGetValue((GetType(), name), out var shared)) return shared;
            var data = make();
            return Models[(GetType(), name)] = (data, Train(data, new ContractRun()));
        }
    }

    [Fact]
    public void The_missing_item_of_the_community_comes_first()
    {
        if (!Personalised) return;
        for (var user = 0; user < Known.UserCount; user++)
        {
            var list = Lists.Recall(KnownModel, user, 3, exclude: Known.ItemsOf(user).ToArray());
            Assert.NotEmpty(list);
            Assert.Equal(ContractData.Gap(user), list[0].Item);
        }
    }

    [Fact]
    public void A_new_user_given_by_a_history_gets_the_missing_item_first()
    {
        if (!FoldsIn) return;
        for (var user = 0; user < Known.UserCount; user++)
        {
            var history = Known.ItemsOf(user).ToArray();
            var values = Known.ValuesOf(user).ToArray();
            var list = Lists.Recall(KnownModel, -1, 3, exclude: history, history: history, values: values);
            Assert.NotEmpty(list);
            Assert.Equal(ContractData.Gap(user), list[0].Item);
        }
    }

    [Fact]
    public void A_history_replaces_what_was_learned_of_the_user()
    {
        if (!FoldsIn) return;
        var (user, other) = (0, ContractData.UsersPerCommunity);
        var history = Known.ItemsOf(other).ToArray();
        var values = Known.ValuesOf(other).ToArray();
        var list = Lists.Recall(KnownModel, user, 1, exclude: history, history: history, values: values);
        Assert.Equal(ContractData.Gap(other), Assert.Single(list).Item);
    }

    [Fact]
    public void A_history_without_values_means_values_of_1()
    {
        if (!FoldsIn) return;
        var history = Skewed.ItemsOf(3).ToArray();
        var ones = new float[history.Length];
        Array.Fill(ones, 1);
        Assert.Equal(
            Lists.Recall(SkewedModel, -1, 20, history: history),
            Lists.Recall(SkewedModel, -1, 20, history: history, values: ones));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(149)]
    [InlineData(160)]
    [InlineData(500)]
    public void A_list_is_the_full_ranking_cut_at_k_after_the_filter(int k)
    {
        Func<int, bool> predicate = item => item % 3 != 1;
        var allow = new ItemSet(Enumerable.Range(20, 100));
        foreach (var user in new[] { 0, 1, 29, 59 })
        {
            var seen = Skewed.ItemsOf(user).ToArray();
            var full = Lists.Recall(SkewedModel, user, Skewed.ItemCount);
            Lists.AssertSound(full, Skewed.ItemCount);
            if (ScoresEveryItem) Assert.Equal(Skewed.ItemCount, full.Length);

            AssertCut(full, k, _ => true, Lists.Recall(SkewedModel, user, k));
            AssertCut(full, k, item => !seen.Contains(item), Lists.Recall(SkewedModel, user, k, exclude: seen));
            AssertCut(full, k, allow.Contains, Lists.Recall(SkewedModel, user, k, allow: allow));
            AssertCut(full, k, predicate, Lists.Recall(SkewedModel, user, k, predicate: predicate));
            AssertCut(
                full, k, item => !seen.Contains(item) && allow.Contains(item) && predicate(item),
                Lists.Recall(SkewedModel, user, k, seen, allow, predicate));
        }
    }

    private void AssertCut(ScoredItem[] full, int k, Func<int, bool> eligible, ScoredItem[] list)
    {
        var rest = full.Where(x => eligible(x.Item)).Take(k).ToArray();
        if (ListsArePrefixes)
        {
            Assert.Equal(rest, list);
            return;
        }
        Lists.AssertSound(list, Skewed.ItemCount);
        Assert.Equal(rest.Length, list.Length);
        Assert.All(list, x => Assert.True(eligible(x.Item)));
    }

    [Fact]
    public void The_filter_works_for_histories_too()
    {
        if (!FoldsIn) return;
        var history = Skewed.ItemsOf(5).ToArray();
        var full = Lists.Recall(SkewedModel, -1, Skewed.ItemCount, history: history);
        Lists.AssertSound(full, Skewed.ItemCount);
        var allow = new ItemSet(Enumerable.Range(0, 90));
        AssertCut(
            full, 12, item => !history.Contains(item) && item < 90 && item % 2 == 0,
            Lists.Recall(SkewedModel, -1, 12, history, allow, item => item % 2 == 0, history));
    }

    [Fact]
    public void A_filter_that_leaves_nothing_gives_an_empty_list()
    {
        Assert.Empty(Lists.Recall(SkewedModel, 0, 10, allow: new ItemSet()));
        Assert.Empty(Lists.Recall(SkewedModel, 0, 10, predicate: _ => false));
        Assert.Empty(Lists.Recall(SkewedModel, 0, 10, exclude: [.. Enumerable.Range(0, Skewed.ItemCount)]));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(70)]
    [InlineData(int.MaxValue)]
    public void An_unknown_user_gets_the_declared_fallback(int user)
    {
        var list = Lists.Recall(SkewedModel, user, 10);
        Lists.AssertSound(list, Skewed.ItemCount);
        Assert.Equal(ServesUnknownUsers, list.Length > 0);
        Assert.Equal(Lists.Recall(SkewedModel, -1, 10), list);
    }

    [Fact]
    public void A_user_without_interactions_gets_a_sound_list_or_none()
    {
        var list = Lists.Recall(SkewedModel, ContractData.SkewedEmptyUser, 10);
        Lists.AssertSound(list, Skewed.ItemCount);
        if (ServesUnknownUsers) Assert.Equal(10, list.Length);
    }

    [Fact]
    public void Ids_beyond_the_model_are_skipped()
    {
        int[] beyond = [160, 5000, int.MaxValue, -1, int.MinValue];
        var plain = Lists.Recall(SkewedModel, 2, 10, exclude: [1, 2], allow: new ItemSet(Enumerable.Range(0, 160)));
        Assert.Equal(plain, Lists.Recall(SkewedModel, 2, 10, exclude: [1, 2, .. beyond], allow: new ItemSet(Enumerable.Range(0, 9000))));
        if (!FoldsIn) return;

        var history = Skewed.ItemsOf(4).ToArray();
        Assert.Equal(
            Lists.Recall(SkewedModel, -1, 10, history: history), Lists.Recall(SkewedModel, -1, 10, history: [.. beyond, .. history]));
        Lists.AssertSound(Lists.Recall(SkewedModel, -1, 10, history: beyond), Skewed.ItemCount);
    }

    [Fact]
    public void Similar_items_come_from_the_same_community()
    {
        if (KnownModel is not ISimilarItems similar) return;
        var list = new ScoredItem[Known.ItemCount + 5];
        for (var item = 0; item < Known.ItemCount; item++)
        {
            var count = similar.SimilarItems(item, default, list);
            Lists.AssertSound(list[..count], Known.ItemCount);
            Assert.DoesNotContain(list[..count], x => x.Item == item);
            if (!Personalised) continue;
            Assert.InRange(count, 1, Known.ItemCount - 1);
            Assert.Equal(item / ContractData.ItemsPerCommunity, list[0].Item / ContractData.ItemsPerCommunity);

            var best = list[0].Item;
            var filtered = new ScoredItem[count];
            var left = similar.SimilarItems(item, new ItemFilter { Exclude = [best] }, filtered);
            Assert.Equal(list[1..count], filtered[..left]);
        }
        Assert.Equal(0, similar.SimilarItems(-1, default, list));
        Assert.Equal(0, similar.SimilarItems(Known.ItemCount, default, list));
        Assert.Equal(0, similar.SimilarItems(0, default, []));
    }
}

using Recsys.Data;
using Recsys.Recall;

namespace Recsys.Tests.Recall;

public class PopularityTests
{
    private const long Day = 86_400;

    // Item a: days 0 and 10, values 5 and 1; b: day 9, value 4; c: day 10, value 2.
    private static readonly Interactions Log = Interactions.From(
        [("u", "a", 5f, 0L), ("v", "a", 1f, 10 * Day), ("u", "b", 4f, 9 * Day), ("v", "c", 2f, 10 * Day)]);

    private static float[] Scores(PopularityOptions options, Interactions? log = null) => Popularity.Train(log ?? Log,
        options).Scores.ToArray();

    [Fact]
    public void Counts_and_sums()
    {
        Assert.Equal([2, 1, 1], Scores(new()));
        Assert.Equal([6, 4, 2], Scores(new() { Score = PopularityScore.ValueSum }));
    }

    [Fact]
    public void A_window_counts_back_from_the_newest_or_from_the_given_instant()
    {
        Assert.Equal([1, 1, 1], Scores(new() { Window = TimeSpan.FromDays(1) }));
        Assert.Equal([1, 0, 1], Scores(new() { Window = TimeSpan.FromHours(23) }));
        Assert.Equal([1, 1, 0], Scores(new() { Window = TimeSpan.FromDays(9), Until = DateTimeOffset.FromUnixTimeSeconds(9 * Day) }));
        Assert.Equal([1, 0, 0], Scores(new() { Until = DateTimeOffset.FromUnixTimeSeconds(1) }));
    }

    [Fact]
    public void Half_life_halves()
    {
        var scores = Scores(new() { HalfLife = TimeSpan.FromDays(5) });
        Assert.Equal(1.25, scores[0], 1e-6);
        Assert.Equal(Math.Pow(2, -0.2), scores[1], 1e-6);
        Assert.Equal(1, scores[2]);
    }

    [Fact]
    public void Smoothing_draws_means_to_the_mean_of_all()
    {
        Assert.Equal([3, 4, 2], Scores(new() { Score = PopularityScore.MeanValue, Smoothing = 0 }));
        var scores = Scores(new() { Score = PopularityScore.MeanValue, Smoothing = 3 });
        Assert.Equal((6 + 9) / 5.0, scores[0], 1e-6);
        Assert.Equal((4 + 9) / 4.0, scores[1], 1e-6);
        Assert.Equal((2 + 9) / 4.0, scores[2], 1e-6);
    }

    private static Interactions Clicks()
    {
        var builder = new InteractionsBuilder();
        for (var i = 0; i < 100; i++) builder.Add("u", "often", eventType: "impression");
        for (var i = 0; i < 30; i++) builder.Add("u", "often", eventType: "click");
        for (var i = 0; i < 2; i++) builder.Add("u", "rarely", eventType: "impression");
        builder.Add("u", "rarely", eventType: "click");
        return builder.Build();
    }

    [Fact]
    public void Rates_are_clicks_per_impression()
    {
        var options = new PopularityOptions
        {
            Score = PopularityScore.SuccessRate,
            SuccessEvent = "click",
            TrialEvent = "impression",
            Smoothing = 0
        };
        var scores = Scores(options, Clicks());
        Assert.Equal(0.3, scores[0], 1e-6);
        Assert.Equal(0.5, scores[1], 1e-6);
        scores = Scores(options with { Smoothing = 102 }, Clicks());
        Assert.Equal((1 + 31) / 104.0, scores[1], 1e-6);
    }

    [Fact]
    public void Wilsons_bound_asks_for_evidence()
    {
        var scores = Scores(new() { Score = PopularityScore.SuccessLowerBound, SuccessEvent = "click", TrialEvent = "impression" },
            Clicks());
        Assert.Equal(0.2189, scores[0], 1e-4); // 30 of 100: 0.2189..0.3958
        Assert.Equal(0.0945, scores[1], 1e-4); // 1 of 2: 0.0945..0.9055
    }

    [Fact]
    public void Without_event_types_positive_values_are_successes()
    {
        var log = Interactions.From([("u", "a", 1f), ("v", "a", 0f), ("u", "b", 0f)]);
        Assert.Equal([0.5f, 0], Scores(new() { Score = PopularityScore.SuccessRate, Smoothing = 0 }, log));
    }

    [Fact]
    public void Errors_say_what_is_missing()
    {
        var untimed = Interactions.From([("u", "a")]);
        Assert.Contains("need times", Assert.Throws<ArgumentException>(() => Scores(new() { Window = TimeSpan.FromDays(7) },
            untimed)).Message, StringComparison.Ordinal);
        var error = Assert.Throws<ArgumentException>(() => Scores(new() { Score = PopularityScore.SuccessRate, SuccessEvent = "buy" },
            Clicks()));
        Assert.Contains("SuccessEvent is 'buy', which is no event type of the log: it has impression, click", error.Message,
            StringComparison.Ordinal);
    }
}

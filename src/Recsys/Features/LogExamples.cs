using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Features;

/// <summary>Turns log rows, and negatives sampled for them, into the arrays of examples.</summary>
internal static class LogExamples
{
    public static ExampleData Collect(FittedSchema schema, Interactions log, LogExampleOptions options)
    {
        if (schema.Labels.Count != 1)
            throw new ArgumentException(
                $"Examples from a log fill one label; the schema has {schema.Labels.Count}. Use arrays (ExampleData) for several.");
        if (options.NegativesPerPositive > 0 && options.Sampler is null)
            throw new ArgumentException(
                "NegativesPerPositive is above 0; give a Sampler, such as NegativeSampler.Uniform(log).", nameof(options));

        var history = options.History ?? log;
        var sequences = schema.SequenceSlots > 0;
        var byTime = log.HasTimes && history.HasTimes;
        var binary = schema.Labels[0].Definition.Binary;
        var rng = new Rng(options.Seed);
        List<int> users = [], items = [], queries = [], ends = [];
        List<float> labels = [];
        List<long> times = [];
        long row = 0;
        for (var user = 0; user < log.UserCount; user++)
        {
            var own = log.ItemsOf(user);
            var values = log.ValuesOf(user);
            var ownTimes = log.TimesOf(user);
            for (var i = 0; i < own.Length; i++, row++)
            {
                var positive = options.Threshold is not { } threshold || values[i] >= threshold;
                var negatives = positive ? options.NegativesPerPositive : 0;
                for (var n = -1; n < negatives; n++)
                {
                    var item = n < 0 ? own[i] : options.Sampler!.Sample(rng, (ulong)(row * options.NegativesPerPositive + n), user);
                    if (item < 0) break;
                    users.Add(user);
                    items.Add(item);
                    labels.Add(n >= 0 ? 0 : binary ? positive ? 1 : 0 : values[i]);
                    if (log.HasTimes) times.Add(ownTimes[i]);
                    if (options.NegativesPerPositive > 0) queries.Add(checked((int)row));
                    if (sequences && !byTime)
                        ends.Add(ReferenceEquals(history, log) ? i : user < history.UserCount ? history.ItemsOf(user).Length : 0);
                }
            }
        }
        return new ExampleData
        {
            Users = [.. users],
            Items = [.. items],
            Labels = [[.. labels]],
            Times = log.HasTimes ? [.. times] : null,
            Queries = options.NegativesPerPositive > 0 ? [.. queries] : null,
            History = sequences ? history : null,
            HistoryEnds = sequences && !byTime ? [.. ends] : null,
        };
    }
}

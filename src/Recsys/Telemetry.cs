using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Recsys;

/// <summary>The library's one <see cref="ActivitySource"/> and one <see cref="Meter"/>, both named "Recsys". Free when nobody listens.</summary>
internal static class Telemetry
{
    private const string Name = "Recsys";

    public static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Requests =
        Meter.CreateCounter<long>("recsys.recommend.requests", "{request}", "Recommendation requests answered.");

    public static readonly Counter<long> FallbackItems =
        Meter.CreateCounter<long>("recsys.recommend.fallback_items", "{item}", "Items that a fallback had to supply.");

    public static readonly Histogram<double> Duration =
        Meter.CreateHistogram<double>("recsys.recommend.duration", "s", "Time to answer a recommendation request.");
}

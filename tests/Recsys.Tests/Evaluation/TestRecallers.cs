using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Tests.Evaluation;

/// <summary>Scores every item by a function of user and item, through the one top-N selection.</summary>
internal sealed class FunctionRecaller(int items, Func<int, int, float> score) : IRecaller
{
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, request.Filter, items);
        for (var item = 0; item < items; item++) top.Offer(item, score(request.User, item));
        return top.Finish();
    }

    /// <summary>The same random order every time, another for each user.</summary>
    public static FunctionRecaller Random(int items, ulong seed)
        => new(items, (user, item) => new Rng(seed, (ulong)(user + 1)).Uniform((ulong)item));

    /// <summary>Knows the test part: its items first.</summary>
    public static FunctionRecaller Oracle(Interactions test)
    {
        var targets = Enumerable.Range(0, test.UserCount).Select(u => test.ItemsOf(u).ToArray().ToHashSet()).ToArray();
        return new FunctionRecaller(test.ItemCount, (user, item) => targets[user].Contains(item) ? 1 : 0);
    }
}

/// <summary>Answers with whatever the function writes.</summary>
internal sealed class ScriptedRecaller(ScriptedRecaller.Script script) : IRecaller
{
    public delegate int Script(in RecallRequest request, Span<ScoredItem> destination);

    public int Recall(in RecallRequest request, Span<ScoredItem> destination) => script(request, destination);
}

internal static class Messages
{
    /// <summary>The action throws, and says this.</summary>
    public static void Assert<TException>(string words, Action action) where TException : Exception
        => Xunit.Assert.Contains(words, Xunit.Assert.Throws<TException>(action).Message, StringComparison.Ordinal);
}

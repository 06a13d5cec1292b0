using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>Every op against its twin; see <see cref="OpCheck"/>. A class derived from <see cref="OpCases"/> adds cases.</summary>
[KernelTests]
public sealed class OpTests
{
    private static readonly Dictionary<string, OpCase> Cases = Find();

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Values_and_gradients_are_those_of_the_twin(string name) => new OpCheck(Cases[name]).Run();

    [Fact]
    public void No_op_is_without_a_case()
    {
        var ops = typeof(Op).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Op)) && !type.IsAbstract);
        var without = ops.Except(Cases.Values.Select(c => c.Op)).Select(type => type.Name).Order(StringComparer.Ordinal);
        Assert.Empty(without);
    }

    private static Dictionary<string, OpCase> Find()
    {
        var lists = typeof(OpCases).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(OpCases)) && !type.IsAbstract);
        return lists.SelectMany(type => ((OpCases)Activator.CreateInstance(type)!).All()).ToDictionary(c => c.ToString());
    }
}

using Recsys.Tests.Nn;
using Recsys.Tests.Persistence;

namespace Recsys.Tests;

/// <summary>What tests run in a process of their own: <c>Recsys.Tests command arguments</c>, started by <see cref="ChildProcess"/>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        switch (args)
        {
            case ["save-in-a-loop", var path]:
                SavingTests.SaveInALoop(path);
                return 0;
            case ["write-golden", var kind, var path]:
                GoldenFileTests.WriteNew(kind, path);
                return 0;
            case ["train-until-killed", var file]:
                TrainerTests.TrainUntilKilled(file);
                return 0;
            case ["kernels-without", var set]:
                return InstructionSets.RunWithout(set);
            default:
                Console.Error.WriteLine($"Unknown command: {string.Join(' ', args)}");
                return 1;
        }
    }
}

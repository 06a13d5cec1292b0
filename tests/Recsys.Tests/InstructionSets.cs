using System.Diagnostics;
using System.Reflection;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Tests;

/// <summary>
/// A class of tests over kernels that choose their code by the machine. Its facts and theories also run in child processes that
/// have one instruction set after another switched off.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class KernelTestsAttribute : Attribute;

/// <summary>
/// Reruns every class with <see cref="KernelTestsAttribute"/> without an instruction set; the child first proves that the set is off.
/// </summary>
public sealed class InstructionSets
{
    private sealed record Set(string Name, string[] Variables, Func<bool> IsOn);

    // The runtime has renamed its switches over time; one that it does not know does no harm.
    private static readonly Set[] Sets =
    [
        new("AVX-512", ["EnableAVX512", "EnableAVX512F"], () => Avx512F.IsSupported || Vector512.IsHardwareAccelerated),
        new("AVX2", ["EnableAVX2"], () => Avx2.IsSupported || Vector256.IsHardwareAccelerated || Avx512F.IsSupported),
        new("everything", ["EnableHWIntrinsic"], () => Vector128.IsHardwareAccelerated || Avx.IsSupported || Avx2.IsSupported),
    ];

    [Theory]
    [InlineData("AVX-512")]
    [InlineData("AVX2")]
    [InlineData("everything")]
    public async Task Kernel_tests_pass_with_the_set_off(string name)
    {
        var set = Sets.Single(s => s.Name == name);
        using var child = ChildProcess.Start(["kernels-without", name], set.Variables.ToDictionary(v => "DOTNET_" + v, _ => "0"));
        var errors = child.StandardError.ReadToEndAsync();
        var output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        Assert.True(child.ExitCode == 0, output + await errors);
        Assert.Matches(@"^[1-9]\d* kernel tests passed without " + name, output);
    }

    /// <summary>The child: exit code 0 if the set is off and every test passes.</summary>
    public static int RunWithout(string name)
    {
        var set = Sets.Single(s => s.Name == name);
        if (set.IsOn())
        {
            Console.WriteLine($"{name} is still on; its switches are {string.Join(", ", set.Variables)}");
            return 2;
        }
        var passed = 0;
        foreach (var type in typeof(InstructionSets).Assembly.GetTypes())
        {
            if (type.GetCustomAttribute<KernelTestsAttribute>() is null) continue;
            foreach (var method in type.GetMethods())
            {
                // A theory is a fact too; without data of its own a fact has one call without arguments.
                if (method.GetCustomAttribute<FactAttribute>() is not { Skip: null }) continue;
                var calls = method.GetCustomAttributes<Xunit.Sdk.DataAttribute>().SelectMany(d => d.GetData(method)).DefaultIfEmpty([]);
                foreach (var arguments in calls)
                {
                    var clock = Stopwatch.StartNew();
                    if (!Passes(type, method, arguments)) return 1;
                    if (clock.ElapsedMilliseconds > 1000)
                        Console.Error.WriteLine($"slow: {type.Name}.{method.Name} {clock.ElapsedMilliseconds} ms");
                    passed++;
                }
            }
        }
        Console.WriteLine($"{passed} kernel tests passed without {name}");
        return 0;
    }

    private static bool Passes(Type type, MethodInfo method, object?[] arguments)
    {
        var instance = Activator.CreateInstance(type);
        try
        {
            method.Invoke(instance, arguments);
            return true;
        }
        catch (TargetInvocationException e)
        {
            Console.WriteLine($"{type.Name}.{method.Name}({string.Join(", ", arguments)}): {e.InnerException}");
            return false;
        }
        finally
        {
            (instance as IDisposable)?.Dispose();
        }
    }
}

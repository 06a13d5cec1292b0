using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Recsys.Benchmarks;
using Recsys.Benchmarks.Growth;
using Recsys.Benchmarks.Peers;

if (args is ["growth", ..]) return GrowthRunner.Run(args.AsSpan(1));
if (args is ["compare", ..]) return ComparisonRunner.Run(args.AsSpan(1));
if (args is ["memory", ..]) return LogMemory.Run(args.AsSpan(1));
if (args is ["engine"]) return EngineReport.Run();
if (args is ["gbdt-rows", ..]) return GbdtRows.Run(args.AsSpan(1));
if (args is ["gbdt-row", ..]) return GbdtOneRow.Run(args.AsSpan(1));

// In this process, because the project that BenchmarkDotNet would generate knows neither net10.0 nor the central package versions.
var config = DefaultConfig.Instance
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default);
BenchmarkSwitcher.FromAssembly(typeof(Comparison).Assembly).Run(args, config);
return 0;

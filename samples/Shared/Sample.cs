using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Recsys.Samples;

/// <summary>What the samples share: arguments, progress bars and errors that a user can read.</summary>
internal static class Sample
{
    /// <summary>Reads --data and --out and runs; 1 after a message about what could not be read or written, 2 after the usage.</summary>
    /// <param name="args">Of the command line.</param>
    /// <param name="name">Of the sample.</param>
    /// <param name="data">What --data names.</param>
    /// <param name="output">The file that is written without --out.</param>
    /// <param name="run">Gets the folder, or null for made-up data, and the file to write.</param>
    public static int Run(string[] args, string name, string data, string output, Action<string?, string> run)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        string? folder = null;
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--data" && i + 1 < args.Length) folder = args[++i];
            else if (args[i] == "--out" && i + 1 < args.Length) output = args[++i];
            else
            {
                Console.Error.WriteLine($"'{args[i]}' is not understood.");
                Console.Error.WriteLine($"Usage: {name} [--data <{data}>] [--out <file.html>]");
                return 2;
            }
        }
        try
        {
            run(folder, output);
            return 0;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>Shows a bar for each training.</summary>
    public static void WithBars(Action<Bars> train) => AnsiConsole.Progress()
        .Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .Start(progress => train(new Bars(progress)));
}

/// <summary>One line of progress for each training.</summary>
internal sealed class Bars(ProgressContext progress)
{
    /// <summary>Trains under a bar of its own.</summary>
    public (T Model, double Seconds) Train<T>(string name, Func<IProgress<TrainProgress>, T> train)
    {
        var task = progress.AddTask(name);
        var started = Stopwatch.GetTimestamp();
        var model = train(new Bar(task));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        task.Value = task.MaxValue;
        return (model, seconds);
    }

    private sealed class Bar(ProgressTask task) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value)
        {
            task.MaxValue = value.Steps;
            task.Value = value.Step;
        }
    }
}

using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Recsys.Benchmarks.Peers;

/// <summary>
/// A peer script that stays alive for one comparison: a line of JSON in, a line of JSON out (benchmarks/peers/peer.py is the other end).
/// PEER_PYTHON names the interpreter; PEER_LIBRARIES is put before the child's LD_LIBRARY_PATH, for instance to give it a faster BLAS.
/// </summary>
internal sealed class PeerProcess : IDisposable
{
    private readonly Process _process;

    private PeerProcess(Process process, string name) => (_process, Name) = (process, name);

    /// <summary>The peer with its version.</summary>
    public string Name { get; }

    /// <summary>Starts the script; null, with the reason, where the interpreter or the library is not installed.</summary>
    public static PeerProcess? Start(string script, out string reason)
    {
        var path = Path.Combine(Scripts(), script);
        var python = Environment.GetEnvironmentVariable("PEER_PYTHON")
            ?? (File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3");
        var start = new ProcessStartInfo(python) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(path);
        if (Environment.GetEnvironmentVariable("PEER_LIBRARIES") is { Length: > 0 } libraries)
            start.Environment["LD_LIBRARY_PATH"] = libraries + ":" + Environment.GetEnvironmentVariable("LD_LIBRARY_PATH");
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            reason = $"{python} does not start: {e.Message}";
            return null;
        }
        var hello = process.StandardOutput.ReadLine() is { } line ? JsonNode.Parse(line) : null;
        if (hello?["name"] is { } name)
        {
            reason = "";
            return new PeerProcess(process, name.GetValue<string>());
        }
        reason = hello?["missing"]?.GetValue<string>() ?? $"{script} ended before it was ready";
        process.Kill();
        process.Dispose();
        return null;
    }

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <exception cref="InvalidOperationException">The peer failed; its message.</exception>
    public JsonNode Ask(JsonObject command)
    {
        _process.StandardInput.WriteLine(command.ToJsonString());
        _process.StandardInput.Flush();
        var line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The peer ended.");
        var answer = JsonNode.Parse(line)!;
        if (answer["error"] is { } error) throw new InvalidOperationException("The peer failed: " + error.GetValue<string>());
        return answer;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000)) _process.Kill();
        _process.Dispose();
    }

    private static string Scripts()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "benchmarks", "peers");
            if (Directory.Exists(candidate)) return candidate;
        }
        throw new DirectoryNotFoundException("benchmarks/peers was not found above " + AppContext.BaseDirectory);
    }
}

using System.Diagnostics;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Tests.Persistence;

public sealed class SavingTests : IDisposable
{
    private const int LoopWeights = 1_000_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-saving-").FullName;

    private string Target => Path.Combine(_folder, "model.recsys");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_is_replaced_and_nothing_is_left_beside_it()
    {
        ModelFile.Save(Target, new Leaf([1]));
        ModelFile.Save(Target, new Leaf([2, 3]));
        Assert.Equal([2, 3], ModelFile.Load<Leaf>(Target).Weights);
        Assert.Equal([Target], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_link_keeps_pointing_at_the_file_and_its_rights_stay()
    {
        ModelFile.Save(Target, new Leaf([1]));
        var link = Path.Combine(_folder, "current");
        File.CreateSymbolicLink(link, Target);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Target,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        ModelFile.Save(link, new Leaf([2]));
        Assert.NotNull(new FileInfo(link).LinkTarget);
        Assert.Equal([2], ModelFile.Load<Leaf>(Target).Weights);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(Target));
    }

    [Fact]
    public void A_folder_as_the_target_is_an_error_that_says_so()
        => Assert.Contains("that is a folder", Assert.Throws<IOException>(() => ModelFile.Save(_folder, new Leaf([1]))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_folder_that_is_missing_is_an_error_that_names_it()
    {
        var error = Assert.Throws<IOException>(() => ModelFile.Save(Path.Combine(_folder, "nowhere", "model.recsys"), new Leaf([1])));
        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(1_000_000)]
    [InlineData(long.MaxValue)]
    public void A_disk_that_fills_up_on_the_way_leaves_the_old_file(long room)
    {
        ModelFile.Save(Target, new Leaf([1]));
        var error = Assert.Throws<IOException>(() =>
            AtomicFile.Write(Target, ModelFile.Collect(new Leaf(new float[1_000_000]), null), (path, _) => new FullDisk(path, room)));
        Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
        Assert.Contains("unchanged", error.Message, StringComparison.Ordinal);
        Assert.Contains(Target, error.Message, StringComparison.Ordinal);
        Assert.Equal([1], ModelFile.Load<Leaf>(Target).Weights);
        Assert.Equal([Target], Directory.GetFiles(_folder));
    }

    [MountFact]
    public void A_real_disk_that_is_full_leaves_the_old_file()
    {
        Assert.True(MountFactAttribute.Run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", _folder));
        try
        {
            ModelFile.Save(Target, new Leaf([1]));
            var error = Assert.Throws<IOException>(() => ModelFile.Save(Target, new Leaf(new float[100_000])));
            Assert.Matches("full|No space left", error.Message);
            Assert.Contains("unchanged", error.Message, StringComparison.Ordinal);
            Assert.Equal([1], ModelFile.Load<Leaf>(Target).Weights);
            Assert.Equal([Target], Directory.GetFiles(_folder));
        }
        finally
        {
            MountFactAttribute.Run("umount", _folder);
        }
    }

    [Fact]
    public void A_process_killed_while_saving_leaves_a_whole_file()
    {
        var random = new Rng(5);
        for (var round = 0; round < 8; round++)
        {
            using (var child = ChildProcess.Start(["save-in-a-loop", Target]))
            {
                Assert.Equal("saved", child.StandardOutput.ReadLine());
                Thread.Sleep(random.Below((ulong)round, 25));
                child.Kill();
                child.WaitForExit();
            }
            var weights = ModelFile.Load<Leaf>(Target).Weights;
            Assert.Equal(LoopWeights, weights.Length);
            Assert.Equal(-1, weights.AsSpan().IndexOfAnyExcept(weights[0]));
            Assert.All(Directory.GetFiles(_folder), file => Assert.True(file == Target || file.EndsWith(".tmp", StringComparison.Ordinal),
                file));
        }
    }

    /// <summary>Runs in the child: a new file, other content each time, until killed.</summary>
    internal static void SaveInALoop(string path)
    {
        var weights = new float[LoopWeights];
        for (var i = 0; i < 100_000; i++)
        {
            weights.AsSpan().Fill(i + 1);
            ModelFile.Save(path, new Leaf(weights));
            if (i == 0) Console.WriteLine("saved");
        }
    }

    private sealed class FullDisk(string path, long room) : FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1)
    {
        private long _room = room;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer[..(int)Math.Min(buffer.Length, _room)]);
            if (buffer.Length > _room) throw Full();
            _room -= buffer.Length;
        }

        // Some file systems say it only when they must put the bytes somewhere.
        public override void Flush(bool flushToDisk) => throw Full();

        private IOException Full() => new($"No space left on device : '{Name}'");
    }

    /// <summary>A test that mounts a small disk; skipped, saying so, where that is not allowed.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class MountFactAttribute : FactAttribute
    {
        public MountFactAttribute()
        {
            if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) Skip = "Mounting a small disk needs Linux and root.";
        }

        public static bool Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}

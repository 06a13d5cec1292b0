namespace Recsys.Persistence;

/// <summary>Replaces a file as a whole or not at all.</summary>
internal static class AtomicFile
{
    public static void Write(string path, ModelWriter writer)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var target = Path.GetFullPath(path);
        if (Directory.Exists(target)) throw new IOException($"The model could not be saved to '{path}': that is a folder.");
        target = File.ResolveLinkTarget(target, returnFinalTarget: true)?.FullName ?? target;

        // In the same folder, because a rename is atomic only within one file system.
        var temporary = $"{target}.{Guid.NewGuid():N}.tmp";
        FileStream? stream = null;
        try
        {
            writer.WriteTo(
                total => stream = new FileStream(temporary, new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    Share = FileShare.None,
                    BufferSize = 0,
                    // A disk that is too small says so before anything is written.
                    PreallocationSize = total,
                }),
                bytes => stream!.Write(bytes));
            // Without this a crash of the machine could leave the new name on old blocks.
            stream!.Flush(flushToDisk: true);
            stream.Dispose();
            if (!OperatingSystem.IsWindows() && File.Exists(target)) File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception e)
        {
            stream?.Dispose();
            Remove(temporary);
            if (e is IOException or UnauthorizedAccessException)
                throw new IOException($"The model could not be saved to '{path}': {e.Message.TrimEnd('.')}. A file that was there before is unchanged.", e);
            throw;
        }
    }

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one that the caller must hear.
        }
    }
}

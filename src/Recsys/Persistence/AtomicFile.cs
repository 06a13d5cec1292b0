namespace Recsys.Persistence;

/// <summary>Replaces a file as a whole or not at all.</summary>
internal static class AtomicFile
{
    /// <param name="path">The file to replace.</param>
    /// <param name="writer">The content.</param>
    /// <param name="open">Opens the temporary file, given its path and final length; tests pass one that fails.</param>
    public static void Write(string path, ModelWriter writer, Func<string, long, FileStream>? open = null)
    {
        open ??= Open;
        ArgumentException.ThrowIfNullOrEmpty(path);
        var target = Path.GetFullPath(path);
        if (Directory.Exists(target)) throw new IOException($"The model could not be saved to '{path}': that is a folder.");
        var file = new FileInfo(target);
        if (file.LinkTarget is not null) target = file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;

        // In the same folder, because a rename is atomic only within one file system.
        var temporary = $"{target}.{Guid.NewGuid():N}.tmp";
        FileStream? stream = null;
        try
        {
            writer.WriteTo(total => stream = open(temporary, total), bytes => stream!.Write(bytes));
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
                throw new IOException($"The model could not be saved to '{path}': {e.Message.TrimEnd('.')}. A file that was there " +
                    "before is unchanged.", e);
            throw;
        }
    }

    private static FileStream Open(string path, long length) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.None,
        BufferSize = 0,
        // A disk that is too small says so before anything is written.
        PreallocationSize = length,
    });

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

using System.Numerics;
using System.Text;

namespace Recsys.Persistence;

public sealed partial class ModelReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads dense ids, each in 0..<paramref name="upperBound"/> - 1.</summary>
    /// <param name="name">The name within this scope.</param>
    /// <param name="count">How many, or -1 for any number.</param>
    /// <param name="upperBound">One more than the largest id allowed.</param>
    /// <param name="allowUnknown">Whether -1 is allowed too.</param>
    /// <exception cref="InvalidDataException">As for a tensor, or an id lies outside; the message names its index.</exception>
    public int[] Ids(string name, long count, long upperBound, bool allowUnknown = false)
    {
        var ids = Tensor<int>(name, count);
        var lowest = allowUnknown ? -1 : 0;
        for (var i = 0; i < ids.Length; i++)
            if (ids[i] < lowest || ids[i] >= upperBound)
                throw Invalid($"the tensor {EntryName.Show(_prefix + name)} holds the id {ids[i]} at index {i}; ids lie between " +
                    $"{lowest} and {upperBound - 1}.");
        return ids;
    }

    /// <summary>Reads where each row of a ragged array starts: rows + 1 numbers, from 0, never falling, up to <paramref
    /// name="total"/>.</summary>
    /// <param name="name">The name within this scope.</param>
    /// <param name="rows">How many rows, or -1 for any number.</param>
    /// <param name="total">The length of the ragged array.</param>
    /// <exception cref="InvalidDataException">As for a tensor, or the numbers break the rule; the message names the index.</exception>
    public T[] Offsets<T>(string name, long rows, long total) where T : unmanaged, IBinaryInteger<T>
    {
        var offsets = Tensor<T>(name, rows < 0 ? -1 : rows + 1);
        if (offsets.Length == 0)
            throw Invalid($"the tensor {EntryName.Show(_prefix + name)} is empty; it must hold at least the offset 0.");
        for (var i = 0; i < offsets.Length; i++)
            if (i == 0 ? !T.IsZero(offsets[0]) : offsets[i] < offsets[i - 1])
                throw Invalid($"the tensor {EntryName.Show(_prefix + name)} holds {offsets[i]} at index {i}; offsets start at 0 and " +
                    "never fall.");
        return long.CreateSaturating(offsets[^1]) == total
            ? offsets
            : throw Invalid($"the tensor {EntryName.Show(_prefix + name)} ends at {offsets[^1]}; it must end at {total}, the length of " +
                "what it cuts into rows.");
    }

    /// <summary>Reads a list of texts that <see cref="ModelWriter.Texts"/> wrote.</summary>
    /// <param name="name">The name within this scope.</param>
    /// <param name="count">How many, or -1 for any number.</param>
    /// <exception cref="InvalidDataException">As for tensors and offsets, or a text is not valid UTF-8.</exception>
    public string[] Texts(string name, long count = -1)
    {
        var scope = Scope(name);
        var bytes = scope.Tensor<byte>("bytes");
        var offsets = scope.Offsets<long>("offsets", count, bytes.Length);
        var texts = new string[offsets.Length - 1];
        for (var i = 0; i < texts.Length; i++)
        {
            try
            {
                texts[i] = StrictUtf8.GetString(bytes, (int)offsets[i], (int)(offsets[i + 1] - offsets[i]));
            }
            catch (DecoderFallbackException e)
            {
                throw Invalid($"text {i} of {EntryName.Show(_prefix + name)} is not valid UTF-8 ({e.Message})");
            }
        }
        return texts;
    }
}

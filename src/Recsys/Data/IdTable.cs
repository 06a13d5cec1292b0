using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Recsys.Data;

/// <summary>
/// The hash table behind <see cref="IdMap"/> and its builder: open addressing with linear probing, less than half full. A slot holds id +
/// 1; 0 is empty. Either keys or names is used, never both.
/// </summary>
internal sealed class IdTable
{
    private const int MaxCount = (1 << 29) - 1;
    private int[] _slots;

    public IdTable(bool longs, int capacity = 16)
    {
        capacity = Math.Max(capacity, 4);
        _slots = new int[SlotsFor(capacity)];
        if (longs) Keys = new long[capacity];
        else Names = new string[capacity];
    }

    private IdTable(IdTable other)
    {
        _slots = (int[])other._slots.Clone();
        Count = other.Count;
        Keys = other.Keys?[..Count];
        Names = other.Names?[..Count];
    }

    public int Count { get; private set; }

    public long[]? Keys { get; private set; }

    public string[]? Names { get; private set; }

    /// <summary>A copy without spare room in the columns.</summary>
    public IdTable Copy() => new(this);

    public int Find(long key)
    {
        if (Keys is null)
        {
            Span<char> text = stackalloc char[20];
            key.TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
            return FindText(text[..length]);
        }
        var mask = _slots.Length - 1;
        for (var slot = Hash(key) & mask; ; slot = (slot + 1) & mask)
        {
            var id = _slots[slot] - 1;
            if (id < 0 || Keys[id] == key) return id;
        }
    }

    public int Find(ReadOnlySpan<char> key)
        => Keys is null ? FindText(key) : TryParseCanonical(key, out var number) ? Find(number) : -1;

    /// <summary>The id of the key, which is added when new. Only for tables with long keys.</summary>
    public int Add(long key)
    {
        var keys = Keys!;
        var mask = _slots.Length - 1;
        var slot = Hash(key) & mask;
        for (; ; slot = (slot + 1) & mask)
        {
            var id = _slots[slot] - 1;
            if (id < 0) break;
            if (keys[id] == key) return id;
        }
        if (Count == keys.Length)
        {
            Array.Resize(ref keys, NewCapacity());
            Keys = keys;
        }
        keys[Count] = key;
        return Enter(slot);
    }

    /// <summary>
    /// The id of the key, which is added when new (as <paramref name="text"/> if that is given). Only for tables with names.
    /// </summary>
    public int Add(ReadOnlySpan<char> key, string? text = null)
    {
        var names = Names!;
        var mask = _slots.Length - 1;
        var slot = string.GetHashCode(key) & mask;
        for (; ; slot = (slot + 1) & mask)
        {
            var id = _slots[slot] - 1;
            if (id < 0) break;
            if (key.SequenceEqual(names[id])) return id;
        }
        if (key.IndexOfAnyInRange('\uD800', '\uDFFF') >= 0) CheckSurrogates(key);
        if (Count == names.Length)
        {
            Array.Resize(ref names, NewCapacity());
            Names = names;
        }
        names[Count] = text ?? key.ToString();
        return Enter(slot);
    }

    /// <summary>The same ids under the text of their keys.</summary>
    public IdTable ToText()
    {
        var table = new IdTable(longs: false, Count + 1);
        for (var id = 0; id < Count; id++) table.Add(Name(id));
        return table;
    }

    public string Name(int id) => Names is null ? Keys![id].ToString(CultureInfo.InvariantCulture) : Names[id];

    /// <summary>Parses an integer in its shortest form: what formatting the result gives back exactly.</summary>
    public static bool TryParseCanonical(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        var negative = text.Length > 0 && text[0] == '-';
        var digits = negative ? text[1..] : text;
        if (digits.IsEmpty || digits.Length > 19 || (digits[0] == '0' && text.Length > 1)) return false;

        var magnitude = 0UL;  // 19 digits fit
        foreach (var c in digits)
        {
            var digit = (uint)(c - '0');
            if (digit > 9) return false;
            magnitude = magnitude * 10 + digit;
        }
        if (magnitude > (negative ? 1UL << 63 : long.MaxValue)) return false;
        value = negative ? -(long)magnitude : (long)magnitude;
        return true;
    }

    // Half a surrogate pair has no UTF-8 form, so such an id could not be saved.
    private static void CheckSurrogates(ReadOnlySpan<char> key)
    {
        for (var left = key; !left.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(left, out _, out var used) != OperationStatus.Done)
                throw new ArgumentException($"The id '{Excerpt.Of(key)}' holds half a surrogate pair; ids must be valid Unicode.",
                    nameof(key));
            left = left[used..];
        }
    }

    private int FindText(ReadOnlySpan<char> key)
    {
        var mask = _slots.Length - 1;
        for (var slot = string.GetHashCode(key) & mask; ; slot = (slot + 1) & mask)
        {
            var id = _slots[slot] - 1;
            if (id < 0 || key.SequenceEqual(Names![id])) return id;
        }
    }

    private int Enter(int slot)
    {
        var id = Count++;
        _slots[slot] = id + 1;
        if (Count * 2L >= _slots.Length) Rehash();
        return id;
    }

    private void Rehash()
    {
        var slots = new int[SlotsFor(Count)];
        var mask = slots.Length - 1;
        for (var id = 0; id < Count; id++)
        {
            var slot = (Keys is null ? string.GetHashCode(Names![id].AsSpan()) : Hash(Keys[id])) & mask;
            while (slots[slot] != 0) slot = (slot + 1) & mask;
            slots[slot] = id + 1;
        }
        _slots = slots;
    }

    private int NewCapacity()
        => Count < MaxCount
            ? Math.Min(Math.Max(Count * 2, 16), MaxCount)
            : throw new InvalidOperationException($"An id map holds at most {MaxCount} distinct ids.");

    private static int SlotsFor(int count) => (int)BitOperations.RoundUpToPowerOf2((uint)count * 2 + 2);

    private static int Hash(long key)
    {
        var z = (ulong)key * 0x9E3779B97F4A7C15;
        return (int)(z >> 32 ^ z >> 58);
    }
}

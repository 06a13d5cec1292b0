using System.Globalization;
using System.Text.Json;

namespace Recsys.Rank;

/// <summary>A value of a JSON file and where it stands, so that errors can name it.</summary>
internal readonly struct JsonPart(JsonElement value, string path)
{
    public string Path => path;

    public JsonPart this[string name] => Find(name) ?? throw Bad($"has no '{name}'");

    public JsonPart? Find(string name)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Bad($"is {Kind}, not an object");
        return value.TryGetProperty(name, out var found) ? new JsonPart(found, path.Length == 0 ? name : $"{path}.{name}") : null;
    }

    public string Text() => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Bad($"is {Kind}, not a text");

    /// <summary>A number, which may stand in quotes.</summary>
    public double Number()
    {
        var number = double.NaN;
        if (value.ValueKind == JsonValueKind.Number) number = value.GetDouble();
        else if (!double.TryParse(Text(), NumberStyles.Float, CultureInfo.InvariantCulture, out number)) number = double.NaN;
        return double.IsFinite(number) ? number : throw Bad($"is '{value}', not a finite number");
    }

    /// <summary>A whole number, which may stand in quotes.</summary>
    public int Integer(int minimum, int maximum)
    {
        var number = Number();
        return number == Math.Floor(number) && number >= minimum && number <= maximum
            ? (int)number
            : throw Bad($"is {number}, not a whole number from {minimum} to {maximum}");
    }

    /// <summary>The members of a list.</summary>
    public JsonPart[] List()
    {
        if (value.ValueKind != JsonValueKind.Array) throw Bad($"is {Kind}, not a list");
        var list = new JsonPart[value.GetArrayLength()];
        var i = 0;
        foreach (var member in value.EnumerateArray()) list[i] = new JsonPart(member, $"{path}[{i++}]");
        return list;
    }

    public string[] Texts() => Array.ConvertAll(List(), part => part.Text());

    /// <summary>Finite floats; -1 for any count.</summary>
    public float[] Floats(int count) => Values(count, "a finite number", static (JsonElement e, out float f) =>
    {
        f = 0;
        return e.ValueKind == JsonValueKind.Number && e.TryGetSingle(out f) && float.IsFinite(f);
    });

    /// <summary>Floats; null and what a float doesn't hold is NaN.</summary>
    public float[] FloatsOrNaN(int count) => Values(count, "a number", static (JsonElement e, out float f) =>
    {
        f = float.NaN;
        if (e.ValueKind == JsonValueKind.Number && e.TryGetSingle(out var number) && float.IsFinite(number)) f = number;
        return e.ValueKind is JsonValueKind.Number or JsonValueKind.Null;
    });

    /// <summary>Whole numbers; -1 for any count. True and false are 1 and 0.</summary>
    public int[] Integers(int count) => Values(count, "a whole number", static (JsonElement e, out int i) =>
    {
        i = e.ValueKind == JsonValueKind.True ? 1 : 0;
        return e.ValueKind is JsonValueKind.True or JsonValueKind.False || (e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out i));
    });

    public InvalidDataException Bad(string what)
        => new(ForeignFile.Shown(path.Length == 0 ? $"The file {what}." : $"'{path}' {what}.", 300));

    private string Kind => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private delegate bool Reader<T>(JsonElement element, out T read);

    private T[] Values<T>(int count, string rule, Reader<T> read)
    {
        if (value.ValueKind != JsonValueKind.Array) throw Bad($"is {Kind}, not a list");
        var length = value.GetArrayLength();
        if (count >= 0 && length != count) throw Bad($"has {length} values where {count} belong");
        var values = new T[length];
        var i = 0;
        foreach (var element in value.EnumerateArray())
        {
            if (!read(element, out values[i]))
            {
                throw new InvalidDataException($"'{path}[{i}]' is {ForeignFile.Shown(element.GetRawText(), 40)}, not {rule}.");
            }
            i++;
        }
        return values;
    }
}

using Recsys.Features;

namespace Recsys.Nn;

/// <summary>Where the parts of <see cref="FieldVectors"/> lie among the columns of all fields side by side. Immutable.</summary>
internal sealed record FieldLayout
{
    /// <param name="fieldCount">F.</param>
    /// <param name="codes">The fields of codes, ascending.</param>
    /// <param name="owned">Those of them that differ between the candidates of one request.</param>
    /// <param name="numberSlots">The field of each number (and missing indicator), those of one field side by side.</param>
    /// <param name="dimension">d.</param>
    public FieldLayout(int fieldCount, int[] codes, int[] owned, int[] numberSlots, int dimension)
    {
        (Dimension, NumberWidth, NumberSlots, Width) = (dimension, dimension, numberSlots, fieldCount * dimension);
        Codes = new FieldPart(codes, dimension);
        Owned = new FieldPart(owned, dimension);
        Shared = new FieldPart([.. codes.Except(owned)], dimension);
        Numbers = [.. Enumerable.Range(0, numberSlots.Length)];
        NumberRows = [.. numberSlots.Select(slot => slot * dimension)];
    }

    private FieldLayout(FieldLayout fields, int numbers)
    {
        (Dimension, NumberWidth, Codes, Owned, Shared) = (fields.Dimension, 1, fields.Codes, fields.Owned, fields.Shared);
        NumberSlots = Numbers = [.. Enumerable.Range(0, numbers)];
        NumberRows = [.. NumberSlots.Select(number => fields.Width + number)];
        Width = fields.Width + numbers;
    }

    private FieldLayout(FieldLayout all, Func<int, bool> hasField, Func<int, bool> hasNumber)
    {
        (Dimension, NumberWidth, Width) = (all.Dimension, all.NumberWidth, all.Width);
        (Codes, Owned, Shared) = (Part(all.Codes), Part(all.Owned), Part(all.Shared));
        Numbers = [.. all.Numbers.Where(hasNumber)];
        NumberSlots = [.. Numbers.Select(number => all.NumberSlots[number])];
        NumberRows = [.. Numbers.Select(number => all.NumberRows[number])];

        FieldPart Part(FieldPart part) => new([.. part.Fields.Where(hasField)], Dimension);
    }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>Columns of all fields.</summary>
    public int Width { get; }

    /// <summary>All fields of codes.</summary>
    public FieldPart Codes { get; }

    /// <summary>The fields of codes that differ between the candidates of one request.</summary>
    public FieldPart Owned { get; }

    /// <summary>The fields of codes that they share.</summary>
    public FieldPart Shared { get; }

    /// <summary>Its numbers, as places among all there are.</summary>
    public int[] Numbers { get; }

    /// <summary>The field of each number.</summary>
    public int[] NumberSlots { get; }

    /// <summary>The first column of each number.</summary>
    public int[] NumberRows { get; }

    /// <summary>Columns of a number: d for a value times a vector, 1 for a number as it is.</summary>
    public int NumberWidth { get; }

    /// <summary>What of it tells of an item alone; null if nothing does, or before <see cref="Cut"/>.</summary>
    public FieldLayout? Items { get; private init; }

    /// <summary>What of it does not; null if <see cref="Items"/> is.</summary>
    public FieldLayout? Rest { get; private init; }

    /// <summary>Of a <see cref="Rest"/>: whether no two candidates of a request differ in it.</summary>
    public bool IsSameInRequest { get; private init; }

    /// <summary>The same fields, with numbers as they are behind them.</summary>
    public FieldLayout With(int numbers) => new(this, numbers);

    /// <summary>The same, knowing what tells of an item alone and what differs between the candidates of a request.</summary>
    /// <param name="isOfItem">Whether a field of codes does.</param>
    /// <param name="sideOf">The side of a number.</param>
    public FieldLayout Cut(Func<int, bool> isOfItem, Func<int, Side> sideOf)
    {
        var items = new FieldLayout(this, isOfItem, number => sideOf(number) == Side.Item);
        if (items.Codes.Fields.Length + items.Numbers.Length == 0) return this;
        var rest = new FieldLayout(this, field => !isOfItem(field), number => sideOf(number) != Side.Item);
        var same = rest.Owned.Fields.Length == 0 && Array.TrueForAll(rest.Numbers, number => sideOf(number) != Side.Example);
        return this with { Items = items, Rest = rest with { IsSameInRequest = same } };
    }
}

/// <summary>Some of the fields.</summary>
internal sealed class FieldPart
{
    public FieldPart(int[] fields, int dimension)
    {
        Fields = fields;
        var runs = new List<(int, int, int)>();
        for (var at = 0; at < fields.Length;)
        {
            var first = at++;
            while (at < fields.Length && fields[at] == fields[at - 1] + 1) at++;
            runs.Add((first * dimension, fields[first] * dimension, (at - first) * dimension));
        }
        Runs = [.. runs];
    }

    /// <summary>The fields, ascending.</summary>
    public int[] Fields { get; }

    /// <summary>Neighbours joined: the first column within the part, the first among all columns, how many.</summary>
    public (int From, int To, int Length)[] Runs { get; }
}

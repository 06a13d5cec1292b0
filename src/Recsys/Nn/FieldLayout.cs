namespace Recsys.Nn;

/// <summary>Where the parts of <see cref="FieldVectors"/> lie among the columns of all fields side by side. Immutable.</summary>
internal sealed class FieldLayout
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
        NumberRows = [.. numberSlots.Select(slot => slot * dimension)];
    }

    private FieldLayout(FieldLayout fields, int numbers)
    {
        (Dimension, NumberWidth, Codes, Owned, Shared) = (fields.Dimension, 1, fields.Codes, fields.Owned, fields.Shared);
        NumberSlots = [.. Enumerable.Range(0, numbers)];
        NumberRows = [.. NumberSlots.Select(number => fields.Width + number)];
        Width = fields.Width + numbers;
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

    /// <summary>The field of each number.</summary>
    public int[] NumberSlots { get; }

    /// <summary>The first column of each number.</summary>
    public int[] NumberRows { get; }

    /// <summary>Columns of a number: d for a value times a vector, 1 for a number as it is.</summary>
    public int NumberWidth { get; }

    /// <summary>The same fields, with numbers as they are behind them.</summary>
    public FieldLayout With(int numbers) => new(this, numbers);
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

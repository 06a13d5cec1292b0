namespace Recsys.Nn;

/// <summary>The sizes of a tensor's axes, at most four; without axes it is a single number. Row-major: the last axis lies side by side.</summary>
public readonly struct Shape : IEquatable<Shape>
{
    private readonly int _a, _b, _c, _d;
    private readonly int _lengthLessOne;   // so that the default value is the single number, too

    /// <summary>The shape with these axes, each 0 or greater.</summary>
    /// <exception cref="ArgumentException">More than four axes, a negative size, or more than 2³¹ − 1 elements.</exception>
    public Shape(params ReadOnlySpan<int> sizes)
    {
        if (sizes.Length > 4) throw new ArgumentException($"A tensor has at most 4 axes, {sizes.Length} were given.", nameof(sizes));
        var length = 1L;
        foreach (var size in sizes)
        {
            if (size < 0) throw new ArgumentException($"An axis has size {size}; it must be 0 or greater.", nameof(sizes));
            length *= size;
            if (length > int.MaxValue) throw new ArgumentException("A tensor has at most 2³¹ − 1 elements.", nameof(sizes));
        }
        (Rank, _lengthLessOne) = (sizes.Length, (int)length - 1);
        if (Rank > 0) _a = sizes[0];
        if (Rank > 1) _b = sizes[1];
        if (Rank > 2) _c = sizes[2];
        if (Rank > 3) _d = sizes[3];
    }

    /// <summary>Number of axes, 0..4.</summary>
    public int Rank { get; }

    /// <summary>Number of elements; 1 without axes.</summary>
    public int Length => _lengthLessOne + 1;

    /// <summary>Size of the last axis; 1 without axes.</summary>
    public int Columns => Rank == 0 ? 1 : this[Rank - 1];

    /// <summary>Elements of all axes but the last: how often a row of <see cref="Columns"/> elements occurs.</summary>
    public int Rows
    {
        get
        {
            var rows = 1;
            for (var axis = 0; axis < Rank - 1; axis++) rows *= this[axis];
            return rows;
        }
    }

    /// <summary>Size of an axis.</summary>
    /// <param name="axis">0..<see cref="Rank"/>-1, or from the end.</param>
    public int this[Index axis]
    {
        get
        {
            var at = axis.GetOffset(Rank);
            if ((uint)at >= (uint)Rank) throw new ArgumentOutOfRangeException(nameof(axis), axis, $"The shape {this} has {Rank} axes.");
            return at switch { 0 => _a, 1 => _b, 2 => _c, _ => _d };
        }
    }

    /// <summary>The shape with another last axis.</summary>
    internal Shape WithColumns(int columns) => Rank switch
    {
        <= 1 => new Shape(columns),
        2 => new Shape(_a, columns),
        3 => new Shape(_a, _b, columns),
        _ => new Shape(_a, _b, _c, columns),
    };

    /// <summary>The shape without its last axis.</summary>
    internal Shape WithoutColumns() => Rank switch
    {
        <= 1 => new Shape(),
        2 => new Shape(_a),
        3 => new Shape(_a, _b),
        _ => new Shape(_a, _b, _c),
    };

    /// <inheritdoc/>
    public bool Equals(Shape other) => Rank == other.Rank && _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Rank, _a, _b, _c, _d);

    /// <summary>Whether all axes agree.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether an axis differs.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>"[32, 8, 16]".</summary>
    public override string ToString() => Rank switch
    {
        0 => "[]",
        1 => $"[{_a}]",
        2 => $"[{_a}, {_b}]",
        3 => $"[{_a}, {_b}, {_c}]",
        _ => $"[{_a}, {_b}, {_c}, {_d}]",
    };
}

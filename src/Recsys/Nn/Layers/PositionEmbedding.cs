namespace Recsys.Nn;

/// <summary>From which end events are counted.</summary>
public enum PositionOrigin
{
    /// <summary>0 is the oldest event.</summary>
    Oldest,

    /// <summary>0 is the latest event: what is recent means the same in a long and a short sequence.</summary>
    Latest,
}

/// <summary>A learned vector for each place in a sequence. Parameters: <c>table</c> [positions, d].</summary>
public sealed class PositionEmbedding
{
    private readonly EmbeddingTable _table;
    private readonly PositionOrigin _origin;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="positions">How many there are, at least 1; places beyond share the last.</param>
    /// <param name="dimension">d, at least 1.</param>
    /// <param name="origin">From which end.</param>
    /// <param name="initializer">Of the vectors; null for a normal of deviation 0.02.</param>
    public PositionEmbedding(ParameterScope scope, int positions, int dimension, PositionOrigin origin = PositionOrigin.Oldest,
        Initializer? initializer = null)
    {
        ArgumentNullException.ThrowIfNull(scope);
        _origin = Guard.Defined(origin, nameof(origin));
        _table = scope.Table("table", positions, dimension, initializer ?? Initializer.Normal(0.02f));
    }

    /// <summary>The vector of each event's place. [rows, d], or padded [B, T, d]; zeros between sequences.</summary>
    public Tensor Of(Segments segments)
    {
        var tape = segments.Tape;
        var shape = segments.PaddedLength > 0 ? new Shape(segments.Count, segments.PaddedLength, _table.Dimension)
            : new Shape(segments.Rows, _table.Dimension);
        var y = Lookup.Begin(tape, _table, shape, segments.Total, false, null, null, out var picks);
        var k = 0;
        for (var b = 0; b < segments.Count; b++)
        {
            var length = segments.Lengths[b];
            for (var i = 0; i < length; i++)
            {
                picks.Rows[k] = Math.Min(_table.Rows - 1, _origin == PositionOrigin.Oldest ? i : length - 1 - i);
                picks.Slots[k++] = segments.Starts[b] + i;
            }
        }
        Lookup.Finish(y, picks, 1);
        return y;
    }

    /// <summary>x plus the vectors of the places.</summary>
    public Sequences AddTo(Sequences x) => x.With(x.Values + Of(x.Segments));
}

using Recsys.Data;

namespace Recsys.Features;

/// <summary>Which columns of a raw table of examples (an impression log) hold what features do not name.</summary>
public sealed record TableExampleOptions
{
    /// <summary>The user id column. Null (the default): that of the schema's user id feature, where the table has it.</summary>
    public string? User { get; init; }

    /// <summary>The item id column. Null (the default): that of the schema's item id feature, where the table has it.</summary>
    public string? Item { get; init; }

    /// <summary>The time column, in Unix seconds. Null (the default): times are not known.</summary>
    public string? Time { get; init; }

    /// <summary>The column that says which examples belong together. Null (the default): not known.</summary>
    public string? Query { get; init; }

    /// <summary>The external user ids. Null: the cells are dense ids.</summary>
    public IdMap? Users { get; init; }

    /// <summary>The external item ids. Null: the cells are dense ids.</summary>
    public IdMap? Items { get; init; }

    /// <summary>The log that sequence features read.</summary>
    public Interactions? History { get; init; }
}

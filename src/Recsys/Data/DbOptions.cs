namespace Recsys.Data;

/// <summary>How to read an interaction log from a database query. The defaults suit a query with the usual column names.</summary>
public sealed record DbOptions : LogOptions;

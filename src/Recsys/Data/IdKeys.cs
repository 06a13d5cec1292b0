namespace Recsys.Data;

/// <summary>How external ids are kept.</summary>
public enum IdKeys
{
    /// <summary>
    /// As 64-bit integers while every id is one in its shortest form ("42", "-7", not "042"), else as text. Nothing is lost either way.
    /// </summary>
    Auto,

    /// <summary>As text: any string that is not empty; compared by its UTF-16 units.</summary>
    Text,

    /// <summary>As 64-bit integers; any other id is an error.</summary>
    Long,
}

using Recsys.Numerics;

namespace Recsys.Persistence;

/// <summary>Sparse matrices as entries of a model file.</summary>
internal static class MatrixEntries
{
    /// <summary>Writes a matrix; a matrix of ones takes no room for its values.</summary>
    public static void Matrix(this ModelWriter writer, string name, SparseMatrix matrix)
    {
        var scope = writer.Scope(name);
        var ones = !matrix.Values.AsSpan().ContainsAnyExcept(1f);
        scope.Integer("columns", matrix.ColumnCount);
        scope.Flag("ones", ones);
        scope.Tensor("offsets", matrix.RowOffsets);
        scope.Tensor("cells", matrix.Columns);
        if (!ones) scope.Tensor("values", matrix.Values);
    }

    /// <summary>Reads a matrix.</summary>
    /// <exception cref="InvalidDataException">It is missing or is no matrix: the message says which rule is broken.</exception>
    public static SparseMatrix Matrix(this ModelReader reader, string name)
    {
        var scope = reader.Scope(name);
        var columnCount = scope.Count("columns");
        var cells = scope.Ids("cells", -1, columnCount);
        var offsets = scope.Offsets<long>("offsets", -1, cells.Length);
        float[] values;
        if (scope.Flag("ones")) Array.Fill(values = new float[cells.Length], 1f);
        else values = scope.Tensor<float>("values", cells.Length);
        return new SparseMatrix(offsets.Length - 1, columnCount, offsets, cells, values);
    }
}

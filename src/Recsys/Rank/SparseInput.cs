using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>How a model over sparse rows meets encoded features: the layout, its place in the file, and reused rows for scoring.</summary>
internal sealed class SparseInput
{
    private readonly ScratchPool<Rows> _pool = new(static () => new Rows());
    private readonly bool _lists;

    public SparseInput(FittedSchema schema, IReadOnlyList<string>? features, ListWeight listWeight)
    {
        (Schema, ListWeight) = (schema, listWeight);
        Layout = new SparseLayout(schema, new SparseLayoutOptions { Features = features, ListWeight = listWeight });
        foreach (var field in Layout.Fields) _lists |= field.Shape is FeatureShape.Codes or FeatureShape.Sequence;
    }

    public FittedSchema Schema { get; }

    public ListWeight ListWeight { get; }

    public SparseLayout Layout { get; }

    /// <summary>The field of each column, made anew by each call.</summary>
    public int[] FieldOfColumns()
    {
        var fieldOf = new int[Layout.ColumnCount];
        for (var field = 0; field < Layout.Fields.Count; field++)
            fieldOf.AsSpan(Layout.FirstColumn(field)..Layout.FirstColumn(field + 1)).Fill(field);
        return fieldOf;
    }

    public SparseMatrix Matrix(FeatureSet features, Examples examples) => Layout.ToMatrix(features, examples);

    /// <summary>The first label and the weights (empty: all 1), checked.</summary>
    /// <param name="features">Which declare a label.</param>
    /// <param name="examples">What is checked.</param>
    /// <param name="binary">Whether labels must be 0 or 1.</param>
    /// <param name="bothClasses">Whether both must occur.</param>
    public static (float[] Labels, float[] Weights) Targets(FeatureSet features, Examples examples, bool binary, bool bothClasses)
    {
        if (features.Schema.Labels.Count == 0)
            throw new ArgumentException("The schema declares no label; add one with Feature.Label.", nameof(features));
        if (examples.Count == 0) throw new ArgumentException("There are no examples.", nameof(examples));
        var (labels, weights) = (examples.Label().ToArray(), examples.Weights.ToArray());
        if (binary)
        {
            var positives = 0;
            for (var i = 0; i < labels.Length; i++)
            {
                if (labels[i] is not (0f or 1f))
                    throw new ArgumentException($"The label of example {i} is {labels[i]}; it must be 0 or 1.", nameof(examples));
                positives += (int)labels[i];
            }
            if (bothClasses && (positives == 0 || positives == labels.Length))
                throw new ArgumentException($"All {labels.Length} labels are {labels[0]}; both classes are needed.", nameof(examples));
        }
        if (weights.Length > 0 && weights.AsSpan().IndexOfAnyExcept(0f) < 0)
            throw new ArgumentException("All weights are 0.", nameof(examples));
        return (labels, weights);
    }

    /// <summary>
    /// The column of an older input that means the same as each column of this one; -1 for a new id. Ids may have been added, behind the
    /// old ones, as an extended id map does; whatever else is encoded must be encoded alike.
    /// </summary>
    public int[] ColumnsIn(SparseInput old)
    {
        if (old.ListWeight != ListWeight || old.Layout.Fields.Count != Layout.Fields.Count)
            throw Misfit($"it has {old.Layout.Fields.Count} fields with list weight {old.ListWeight}; now there are " +
                $"{Layout.Fields.Count} with {ListWeight}");
        var columns = new int[Layout.ColumnCount];
        Array.Fill(columns, -1);
        for (var field = 0; field < Layout.Fields.Count; field++)
        {
            var (now, then) = (Layout.Fields[field], old.Layout.Fields[field]);
            if (!now.Definition.Equals(then.Definition))
                throw Misfit($"its field {field} is {then.Definition}, now it is {now.Definition}");
            var grows = now.Kind == FeatureKind.Id || (now.Kind == FeatureKind.Sequence && now.Parts[0].Kind == FeatureKind.Id);
            if (grows ? now.Cardinality < then.Cardinality : now.Cardinality != then.Cardinality || now.Fingerprint != then.Fingerprint)
                throw Misfit($"the field '{now.Name}' was fitted on other data ({then.Cardinality} codes then, {now.Cardinality} now)");
            var width = old.Layout.FirstColumn(field + 1) - old.Layout.FirstColumn(field);
            for (var i = 0; i < width; i++) columns[Layout.FirstColumn(field) + i] = old.Layout.FirstColumn(field) + i;
        }
        return columns;

        static ArgumentException Misfit(string what)
            => new($"The model to go on from does not fit: {what}. Keep the declarations, and extend the id maps.");
    }

    public Rows Rent(ExampleBatch batch)
    {
        var rows = _pool.Rent();
        rows.Fill(Layout, batch, _lists);
        return rows;
    }

    public void Return(Rows rows) => _pool.Return(rows);

    public void Write(ModelWriter writer)
    {
        writer.Model("features", Schema);
        writer.Texts("layout.fields", [.. Layout.Fields.Select(field => field.Name)]);
        writer.Choice("layout.lists", ListWeight);
    }

    public static SparseInput Read(ModelReader reader)
    {
        var schema = reader.Model<FittedSchema>("features");
        var (fields, lists) = (reader.Texts("layout.fields"), reader.Choice<ListWeight>("layout.lists"));
        try
        {
            return new SparseInput(schema, fields, lists);
        }
        catch (ArgumentException error)
        {
            throw reader.Invalid($"the entry 'layout.fields' does not fit the schema: {error.Message}");
        }
    }

    /// <summary>The rows of one batch, each column at most once.</summary>
    internal sealed class Rows
    {
        private readonly SparseRows _cells = new();
        private int[] _offsets = [];
        private int[] _columns = [];
        private float[] _values = [];
        private bool _merged;

        /// <summary>The cells of one example.</summary>
        public SparseRow Row(int row)
        {
            var offsets = _merged ? _offsets : _cells.Offsets;
            var (start, length) = (offsets[row], offsets[row + 1] - offsets[row]);
            return _merged
                ? new SparseRow(_columns.AsSpan(start, length), _values.AsSpan(start, length))
                : new SparseRow(_cells.Columns.Slice(start, length), _cells.Values.Slice(start, length));
        }

        public void Fill(SparseLayout layout, ExampleBatch batch, bool lists)
        {
            layout.Fill(batch, _cells);
            _merged = lists && Merge();
        }

        // A sequence may hold an item twice, and hashed values may meet; an FM wants the sum as one value. A list's cells lie together.
        private bool Merge()
        {
            var offsets = _cells.Offsets;
            var columns = _cells.Columns;
            var values = _cells.Values;
            var fields = _cells.Fields;
            if (_columns.Length < columns.Length) (_columns, _values) = (new int[2 * columns.Length], new float[2 * columns.Length]);
            if (_offsets.Length < offsets.Length) _offsets = new int[2 * offsets.Length];
            var end = 0;
            for (var row = 0; row < _cells.RowCount; row++)
            {
                var (first, field) = (end, -1);
                for (var i = offsets[row]; i < offsets[row + 1]; i++)
                {
                    if (fields[i] != field) (first, field) = (end, fields[i]);
                    var at = _columns.AsSpan(first, end - first).IndexOf(columns[i]);
                    if (at >= 0)
                    {
                        _values[first + at] += values[i];
                        continue;
                    }
                    (_columns[end], _values[end++]) = (columns[i], values[i]);
                }
                _offsets[row + 1] = end;
            }
            return end < columns.Length;
        }
    }
}

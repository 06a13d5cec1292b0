using Recsys.Features;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>How a model over dense rows meets encoded features: the layout, its place in the file, and reused rows for scoring.</summary>
internal sealed class DenseInput(FittedSchema schema, DenseLayoutOptions options)
{
    private readonly ScratchPool<Rows> _pool = new(static () => new Rows());

    public FittedSchema Schema { get; } = schema;

    public DenseLayout Layout { get; } = new(schema, options);

    /// <summary>The layout that trees take by default: a column for each code of small vocabularies, NaN for a missing number.</summary>
    public static DenseLayoutOptions ForTrees { get; } = new() { OneHotUpTo = 64, UnknownColumns = false, MissingAsNaN = true };

    /// <summary>All examples as dense rows.</summary>
    public float[] Matrix(FeatureSet features, Examples examples)
    {
        const int Block = 4096;
        var width = Layout.ColumnCount;
        if ((long)examples.Count * width > Array.MaxLength)
            throw new ArgumentException(
                $"{examples.Count} examples × {width} columns are more than one array holds; train on fewer, or leave features out.",
                nameof(examples));
        var x = new float[examples.Count * width];
        var batch = features.CreateBatch(Math.Clamp(examples.Count, 1, Block));
        for (var start = 0; start < examples.Count; start += Block)
        {
            var count = Math.Min(Block, examples.Count - start);
            features.Assemble(examples, start, count, batch);
            Layout.Fill(batch, x.AsSpan(start * width, count * width));
        }
        return x;
    }

    public Rows Rent(ExampleBatch batch)
    {
        var rows = _pool.Rent();
        rows.Fill(Layout, batch);
        return rows;
    }

    public void Return(Rows rows) => _pool.Return(rows);

    public static (float[] Labels, float[] Weights) Targets(FeatureSet features, Examples examples)
    {
        if (features.Schema.Labels.Count == 0)
            throw new ArgumentException("The schema declares no label; add one with Feature.Label.", nameof(features));
        return (examples.Label().ToArray(), examples.Weights.ToArray());
    }

    public static void Check(float[] x, int columns, float[] labels, float[] weights)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (labels.Length == 0) throw new ArgumentException("There are no rows to train on.", nameof(labels));
        if (x.Length != (long)columns * labels.Length)
            throw new ArgumentException(
                $"{labels.Length} labels × {columns} columns need {(long)columns * labels.Length} values; x has {x.Length}.", nameof(x));
        if (weights.Length != 0 && weights.Length != labels.Length)
            throw new ArgumentException($"There are {weights.Length} weights for {labels.Length} rows.", nameof(weights));
        for (var i = 0; i < labels.Length; i++)
            if (!float.IsFinite(labels[i]))
                throw new ArgumentException($"The label of row {i} is {labels[i]}; it must be finite.", nameof(labels));
        var any = weights.Length == 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (!(weights[i] >= 0) || float.IsInfinity(weights[i]))
                throw new ArgumentException($"The weight of row {i} is {weights[i]}; it must be 0 or greater and finite.", nameof(weights));
            any |= weights[i] > 0;
        }
        if (!any) throw new ArgumentException("All weights are 0.", nameof(weights));
    }

    public static void CheckFinite(float[] x, int columns)
    {
        for (var i = 0; i < x.Length; i++)
            if (!float.IsFinite(x[i]))
                throw new ArgumentException(
                    $"The value at row {i / columns}, column {i % columns} is {x[i]}; an exact tree takes finite values only.",
                    nameof(x));
    }

    /// <summary>Writes a flag, and the schema and layout of an input that is not null.</summary>
    public static void Write(ModelWriter writer, DenseInput? input)
    {
        writer.Flag("schema", input is not null);
        if (input is null) return;
        writer.Model("features", input.Schema);
        writer.Texts("layout.fields", [.. input.Layout.Fields.Select(f => f.Name)]);
        writer.Integer("layout.one-hot", input.Options.OneHotUpTo);
        writer.Flag("layout.unknown", input.Options.UnknownColumns);
        writer.Flag("layout.nan", input.Options.MissingAsNaN);
    }

    public static DenseInput? Read(ModelReader reader) => !reader.Flag("schema") ? null : new DenseInput(
        reader.Model<FittedSchema>("features"), new DenseLayoutOptions
        {
            Features = reader.Texts("layout.fields"),
            OneHotUpTo = reader.Int32("layout.one-hot", 0),
            UnknownColumns = reader.Flag("layout.unknown"),
            MissingAsNaN = reader.Flag("layout.nan"),
        });

    public DenseLayoutOptions Options { get; } = options;

    /// <summary>Whether rows of the other have the same columns.</summary>
    public bool HasLayoutOf(DenseInput other)
        => Layout.Fields.Select(f => f.Name).SequenceEqual(other.Layout.Fields.Select(f => f.Name))
            && Enumerable.Range(0, Layout.Fields.Count + 1).All(field => Layout.FirstColumn(field) == other.Layout.FirstColumn(field))
            && Options.UnknownColumns == other.Options.UnknownColumns && Options.MissingAsNaN == other.Options.MissingAsNaN;

    /// <summary>The rows of one batch.</summary>
    internal sealed class Rows
    {
        private float[] _values = [];
        private int _length;

        public ReadOnlySpan<float> Values => _values.AsSpan(0, _length);

        public void Fill(DenseLayout layout, ExampleBatch batch)
        {
            _length = checked(batch.Count * layout.ColumnCount);
            if (_values.Length < _length) _values = new float[_length];
            layout.Fill(batch, _values);
        }
    }
}

namespace Recsys.Features;

/// <summary>
/// Some examples in the form that models read: for each feature a column, ragged where a feature has several values. Filled by
/// <see cref="FeatureSet"/>, the same way from a training set and from a request, and reused: spans are good until the next fill. One
/// thread at a time may fill it; any number may read.
/// </summary>
public sealed class ExampleBatch
{
    private int _first;   // 0, or where a window begins

    // A window, see Show.
    internal ExampleBatch()
    {
        Schema = null!;
        (CodeColumns, NumberColumns, LabelColumns, CodesColumns, SequenceColumns) = ([], [], [], [], []);
        (UserIds, ItemIds, ContextIds, PositionColumn, QueryColumn, WeightColumn) = ([], [], [], [], [], []);
    }

    internal ExampleBatch(FittedSchema schema, int capacity)
    {
        Schema = schema;
        Capacity = capacity;
        CodeColumns = Columns<int>(schema.CodeSlots, capacity);
        NumberColumns = Columns<float>(schema.IndicatorEnd, capacity);
        LabelColumns = Columns<float>(schema.Labels.Count, capacity);
        CodesColumns = new RaggedBuffer[schema.CodesSlots];
        for (var i = 0; i < CodesColumns.Length; i++) CodesColumns[i] = new RaggedBuffer(capacity);
        SequenceColumns = new SequenceBuffer[schema.SequenceSlots];
        foreach (var feature in schema.Features)
            if (feature.Shape == FeatureShape.Sequence) SequenceColumns[feature.Slot] = new SequenceBuffer(capacity, feature.Parts.Count);
        UserIds = new int[capacity];
        ItemIds = new int[capacity];
        ContextIds = new int[capacity];
        PositionColumn = new int[capacity];
        QueryColumn = new int[capacity];
        WeightColumn = new float[capacity];
    }

    /// <summary>The schema that it was made for.</summary>
    public FittedSchema Schema { get; private set; }

    /// <summary>Most examples that it holds.</summary>
    public int Capacity { get; private set; }

    /// <summary>Number of examples in it now.</summary>
    public int Count { get; internal set; }

    /// <summary>Whether labels are known: true when filled from a training set, false for a request.</summary>
    public bool HasLabels { get; internal set; }

    /// <summary>Whether all examples belong to one request: one user, one history, one context.</summary>
    public bool SameUser => ItemTable is not null;

    /// <summary>Dense user ids, -1 for unknown. Length <see cref="Count"/>.</summary>
    public ReadOnlySpan<int> Users => UserIds.AsSpan(_first, Count);

    /// <summary>Dense item ids, -1 for unknown. Length <see cref="Count"/>.</summary>
    public ReadOnlySpan<int> Items => ItemIds.AsSpan(_first, Count);

    /// <summary>The weight of each example; 1 where none was given. Length <see cref="Count"/>.</summary>
    public ReadOnlySpan<float> Weights => WeightColumn.AsSpan(_first, Count);

    /// <summary>The position of each example: 1..maximum, 0 for not known. Length <see cref="Count"/>.</summary>
    public ReadOnlySpan<int> Positions => PositionColumn.AsSpan(_first, Count);

    /// <summary>The query (group, session) of each example; -1 where none was given. Length <see cref="Count"/>.</summary>
    public ReadOnlySpan<int> Queries => QueryColumn.AsSpan(_first, Count);

    /// <summary>The codes of a feature with one code: 0..Cardinality-1. Length <see cref="Count"/>.</summary>
    /// <param name="feature">Its <see cref="FittedFeature.Index"/>.</param>
    public ReadOnlySpan<int> Category(int feature) => CodeColumns[Slot(feature, FeatureShape.Code)].AsSpan(_first, Count);

    /// <summary>The codes of a feature with one code.</summary>
    /// <inheritdoc cref="Category(int)"/>
    public ReadOnlySpan<int> Category(string feature) => Category(Schema.IndexOf(feature));

    /// <summary>The codes of a feature with several.</summary>
    /// <param name="feature">Its <see cref="FittedFeature.Index"/>.</param>
    public RaggedCodes MultiCategory(int feature)
    {
        var column = CodesColumns[Slot(feature, FeatureShape.Codes)];
        return new RaggedCodes(column.Offsets.AsSpan(0, Count + 1), column.Values.AsSpan(0, column.Length));
    }

    /// <summary>The codes of a feature with several.</summary>
    /// <inheritdoc cref="MultiCategory(int)"/>
    public RaggedCodes MultiCategory(string feature) => MultiCategory(Schema.IndexOf(feature));

    /// <summary>The scaled values of a number, finite. Length <see cref="Count"/>.</summary>
    /// <param name="feature">Its <see cref="FittedFeature.Index"/>.</param>
    public ReadOnlySpan<float> Number(int feature) => NumberColumns[Slot(feature, FeatureShape.Number)].AsSpan(_first, Count);

    /// <summary>The scaled values of a number.</summary>
    /// <inheritdoc cref="Number(int)"/>
    public ReadOnlySpan<float> Number(string feature) => Number(Schema.IndexOf(feature));

    /// <summary>1 where a number was missing, else 0; empty where the feature does not ask for an indicator.</summary>
    /// <param name="feature">Its <see cref="FittedFeature.Index"/>.</param>
    public ReadOnlySpan<float> Missing(int feature)
    {
        _ = Slot(feature, FeatureShape.Number);
        return Schema.Features[feature].IndicatorSlot is >= 0 and var slot ? NumberColumns[slot].AsSpan(_first, Count) : [];
    }

    /// <summary>1 where a number was missing, else 0.</summary>
    /// <inheritdoc cref="Missing(int)"/>
    public ReadOnlySpan<float> Missing(string feature) => Missing(Schema.IndexOf(feature));

    /// <summary>The events of each example, oldest first.</summary>
    /// <param name="feature">Its <see cref="FittedFeature.Index"/>.</param>
    public EventSequences Sequence(int feature) => new(SequenceColumns[Slot(feature, FeatureShape.Sequence)], Count);

    /// <summary>The events of each example, oldest first.</summary>
    /// <inheritdoc cref="Sequence(int)"/>
    public EventSequences Sequence(string feature) => Sequence(Schema.IndexOf(feature));

    /// <summary>The values of one label; empty when the batch holds a request.</summary>
    /// <param name="label">Its place in <see cref="FittedSchema.Labels"/>.</param>
    public ReadOnlySpan<float> Label(int label = 0)
        => (uint)label < (uint)LabelColumns.Length
            ? LabelColumns[label].AsSpan(_first, HasLabels ? Count : 0)
            : throw new ArgumentOutOfRangeException(nameof(label), label, $"The schema has {LabelColumns.Length} labels.");

    /// <summary>The values of one label; empty when the batch holds a request.</summary>
    /// <param name="label">Its name.</param>
    public ReadOnlySpan<float> Label(string label)
    {
        var feature = Schema[label];
        return feature.Kind == FeatureKind.Label
            ? Label(feature.Slot)
            : throw new ArgumentException($"Feature '{label}' is a {feature.Kind}, not a label.", nameof(label));
    }

    /// <summary>Whether each feature has one value for each example, so that a window can show some of them.</summary>
    internal bool IsFlat => CodesColumns.Length == 0 && SequenceColumns.Length == 0;

    /// <summary>Makes this, which was made empty, a window on some examples of a flat batch, until that is filled anew.</summary>
    internal void Show(ExampleBatch batch, int first, int count)
    {
        (Schema, Capacity, _first, Count) = (batch.Schema, count, batch._first + first, count);
        (HasLabels, ItemTable) = (batch.HasLabels, batch.ItemTable);
        (CodeColumns, NumberColumns, LabelColumns) = (batch.CodeColumns, batch.NumberColumns, batch.LabelColumns);
        (UserIds, ItemIds, ContextIds) = (batch.UserIds, batch.ItemIds, batch.ContextIds);
        (PositionColumn, QueryColumn, WeightColumn) = (batch.PositionColumn, batch.QueryColumn, batch.WeightColumn);
    }

    /// <summary>The items of a request; null when filled from a training set.</summary>
    internal FeatureTable? ItemTable { get; set; }

    internal int[][] CodeColumns { get; private set; }

    internal float[][] NumberColumns { get; private set; }

    internal float[][] LabelColumns { get; private set; }

    internal RaggedBuffer[] CodesColumns { get; }

    internal SequenceBuffer[] SequenceColumns { get; }

    internal int[] UserIds { get; private set; }

    internal int[] ItemIds { get; private set; }

    internal int[] ContextIds { get; private set; }

    internal int[] PositionColumn { get; private set; }

    internal int[] QueryColumn { get; private set; }

    internal float[] WeightColumn { get; private set; }

    private int Slot(int feature, FeatureShape shape)
    {
        var features = Schema.FeatureSpan;
        if ((uint)feature >= (uint)features.Length)
            throw new ArgumentOutOfRangeException(nameof(feature), feature, $"The schema has the features 0 to {features.Length - 1}.");
        var found = features[feature];
        return found.Shape == shape
            ? found.Slot
            : throw new ArgumentException(
                $"Feature '{found.Name}' is a {found.Kind} of shape {found.Shape}, not {shape}.", nameof(feature));
    }

    private static T[][] Columns<T>(int columns, int rows)
    {
        var result = new T[columns][];
        for (var i = 0; i < columns; i++) result[i] = new T[rows];
        return result;
    }
}

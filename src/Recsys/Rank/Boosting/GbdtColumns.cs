using Recsys.Features;

namespace Recsys.Rank;

/// <summary>What a training knows of the columns.</summary>
/// <param name="Count">Their number.</param>
/// <param name="Signs">Monotone constraints; null: none. [columns]</param>
/// <param name="IsCategorical">[columns]</param>
internal sealed record GbdtColumns(int Count, sbyte[]? Signs, bool[] IsCategorical)
{
    /// <summary>From the options, and the layout of a model over features.</summary>
    /// <exception cref="ArgumentException">
    /// The options name columns or features that there are not, or constrain what has no order.
    /// </exception>
    public static GbdtColumns Of(int count, GbdtOptions options, DenseLayout? layout)
    {
        var isCategorical = new bool[count];
        if (options.CategoricalColumns is { } given)
        {
            if (layout is not null)
                throw new ArgumentException($"{nameof(options.CategoricalColumns)} is for a bare matrix; a schema knows its codes.",
                    nameof(options));
            foreach (var column in given)
            {
                if ((uint)column >= (uint)count)
                    throw new ArgumentException(
                        $"{nameof(options.CategoricalColumns)} names column {column}; there are {count}, from 0.", nameof(options));
                isCategorical[column] = true;
            }
        }
        for (var field = 0; layout is not null && options.Categories.SplitBySets && field < layout.Fields.Count; field++)
            if (layout.HoldsCodes(field)) isCategorical[layout.FirstColumn(field)] = true;
        var signs = Constraints(count, options, layout);
        for (var column = 0; signs is not null && column < count; column++)
            if (signs[column] != 0 && isCategorical[column])
                throw new ArgumentException($"Column {column} holds categories, which have no order to be monotone in.", nameof(options));
        return new GbdtColumns(count, signs, isCategorical);
    }

    private static sbyte[]? Constraints(int count, GbdtOptions options, DenseLayout? layout)
    {
        if (options.MonotoneColumns is null && options.MonotoneFeatures is null) return null;
        if (options.Objective.Outputs > 1)
            throw new ArgumentException(
                $"A monotone constraint binds one score; {options.Objective} has {options.Objective.Outputs}.", nameof(options));
        var signs = new sbyte[count];
        if (options.MonotoneColumns is { } byColumn)
        {
            if (byColumn.Count != count)
                throw new ArgumentException(
                    $"{nameof(options.MonotoneColumns)} has {byColumn.Count} entries; there are {count} columns.", nameof(options));
            for (var column = 0; column < count; column++) signs[column] = (sbyte)byColumn[column];
        }
        foreach (var (name, sign) in options.MonotoneFeatures ?? new Dictionary<string, int>())
        {
            var field = layout is null ? -1 : layout.Fields.ToList().FindIndex(f => f.Name == name);
            if (field < 0)
                throw new ArgumentException(layout is null
                    ? $"{nameof(options.MonotoneFeatures)} is for a schema; use {nameof(options.MonotoneColumns)} for a matrix."
                    : $"{nameof(options.MonotoneFeatures)} names '{name}', which is no feature of the layout.", nameof(options));
            if (layout!.Fields[field].Shape != FeatureShape.Number)
                throw new ArgumentException($"The feature '{name}' has no order to be monotone in.", nameof(options));
            signs[layout.FirstColumn(field)] = (sbyte)sign;
        }
        return signs;
    }
}

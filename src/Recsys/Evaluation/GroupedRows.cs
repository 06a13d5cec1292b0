namespace Recsys.Evaluation;

/// <summary>Rows gathered by group, groups in ascending order of their number.</summary>
internal sealed class GroupedRows
{
    private readonly int[] _rows;
    private readonly int[] _starts;

    public GroupedRows(ReadOnlySpan<int> groups, int rows)
    {
        if (groups.Length != rows)
            throw new ArgumentException($"There are {groups.Length} group numbers for {rows} scores: give one for each.", nameof(groups));
        var keys = new ulong[rows];
        for (var i = 0; i < rows; i++)
        {
            if (groups[i] < 0)
                throw new ArgumentException($"groups[{i}] is {groups[i]}; a group number must be at least 0.", nameof(groups));
            keys[i] = (ulong)(uint)groups[i] << 32 | (uint)i;
        }
        keys.AsSpan().Sort();
        _rows = new int[rows];
        var starts = new List<int>();
        for (var i = 0; i < rows; i++)
        {
            if (i == 0 || keys[i] >> 32 != keys[i - 1] >> 32) starts.Add(i);
            _rows[i] = (int)(uint)keys[i];
        }
        starts.Add(rows);
        _starts = [.. starts];
    }

    public int Count => _starts.Length - 1;

    public ReadOnlySpan<int> Rows(int group) => _rows.AsSpan(_starts[group].._starts[group + 1]);

    /// <summary>The AUC of one group, null with only one class, and its positive rows.</summary>
    public (double? Auc, int Positives) Auc(int group, ReadOnlySpan<float> scores, ReadOnlySpan<float> labels)
    {
        var rows = Rows(group);
        var positives = 0;
        foreach (var row in rows)
            if (labels[row] != 0) positives++;
        if (positives == 0 || positives == rows.Length)
        {
            foreach (var row in rows)
                if (float.IsNaN(scores[row]))
                    throw new ArgumentException($"scores[{row}] is NaN; a score must be a number.", nameof(scores));
            return (null, positives);
        }
        var groupScores = new float[rows.Length];
        var groupLabels = new float[rows.Length];
        for (var i = 0; i < rows.Length; i++) (groupScores[i], groupLabels[i]) = (scores[rows[i]], labels[rows[i]]);
        AucMetrics.Ordered(ScoreOrder.Ascending(groupScores, nameof(scores)), groupScores, groupLabels, default, out var auc);
        return (auc, positives);
    }
}

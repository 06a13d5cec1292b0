namespace Recsys.Evaluation;

/// <summary>
/// Evaluates users one after the other in its own buffers: O(k + items / 8 + longest history) bytes, whatever the number of users.
/// </summary>
internal sealed class RankingShard
{
    private readonly RankingRun _run;
    private readonly RankingProtocol _protocol;
    private readonly Func<int, bool>? _isCandidate;
    private readonly ScoredItem[] _list;
    private readonly int[] _ids;
    private readonly bool[] _hits;
    private readonly double[] _gains;
    private readonly ulong[] _seen, _listed, _candidates, _forbidden;
    private readonly List<int> _drawn = [];
    private int[] _targets = [], _exclude = [];
    private float[] _values = [];
    private double[] _ideal = [];

    public RankingShard(RankingRun run)
    {
        _run = run;
        _protocol = run.Protocol;
        // Longer lists than the catalogue cannot be filled.
        var longest = Math.Min(_protocol.K[^1], run.Train.ItemCount);
        _list = new ScoredItem[longest];
        _ids = new int[longest];
        _hits = new bool[longest];
        _gains = new double[longest];
        var words = (run.Train.ItemCount + 63) >> 6;
        _seen = new ulong[words];
        _listed = new ulong[words];
        _candidates = new ulong[run.Sampler is null ? 0 : words];
        _forbidden = new ulong[run.Sampler is null ? 0 : words];
        if (run.Sampler is not null) _isCandidate = item => (uint)item < (uint)_run.Train.ItemCount && Has(_candidates, item);
    }

    public int ColdUsers { get; private set; }

    public int ShortLists { get; private set; }

    public int EmptyLists { get; private set; }

    public long Targets { get; private set; }

    public long ColdTargets { get; private set; }

    public long TargetsInHistory { get; private set; }

    /// <summary>Fills the user's row of metrics; false if the user has no target that can be found.</summary>
    public bool Evaluate(int user, Span<float> row)
    {
        var exclude = Seen(user);
        foreach (var item in exclude) Set(_seen, item);
        var count = GatherTargets(user);
        if (count > 0)
        {
            if (_run.Train.ItemsOf(user).IsEmpty) ColdUsers++;
            var targets = _targets.AsSpan(0, count);
            Targets += count;
            foreach (var target in targets)
                if (_run.ItemUsers[target] == 0) ColdTargets++;
            var found = Recall(user, targets, exclude);
            Measure(found, targets, row);
        }
        foreach (var item in exclude) Clear(_seen, item);
        return count > 0;
    }

    private ReadOnlySpan<int> Seen(int user)
    {
        var train = _run.Train.ItemsOf(user);
        if (_run.AlsoSeen is not { } validation || validation.ItemsOf(user) is not { IsEmpty: false } more) return train;
        var count = train.Length + more.Length;
        if (_exclude.Length < count) _exclude = new int[Math.Max(count, 2 * _exclude.Length)];
        train.CopyTo(_exclude);
        more.CopyTo(_exclude.AsSpan(train.Length));
        return _exclude.AsSpan(0, count);
    }

    // Distinct targets ascending, with their greatest value.
    private int GatherTargets(int user)
    {
        var items = _run.Part.ItemsOf(user);
        var values = _run.Part.ValuesOf(user);
        if (_targets.Length < items.Length)
        {
            var size = Math.Max(items.Length, 2 * _targets.Length);
            (_targets, _values, _ideal) = (new int[size], new float[size], new double[size]);
        }
        var count = 0;
        for (var i = 0; i < items.Length; i++)
            if (_protocol.RelevantFrom is not { } from || values[i] >= from) (_targets[count], _values[count++]) = (items[i], values[i]);
        Array.Sort(_targets, _values, 0, count);
        var kept = 0;
        for (var i = 0; i < count;)
        {
            var (item, value) = (_targets[i], _values[i]);
            for (i++; i < count && _targets[i] == item; i++) value = Math.Max(value, _values[i]);
            if (Has(_seen, item))
            {
                TargetsInHistory++;
                if (_protocol.ExcludeTrainItems) continue;
            }
            (_targets[kept], _values[kept++]) = (item, value);
        }
        return kept;
    }

    private int Recall(int user, ReadOnlySpan<int> targets, ReadOnlySpan<int> exclude)
    {
        if (_run.Sampler is { } sampler)
        {
            foreach (var item in exclude) Set(_forbidden, item);
            foreach (var item in _run.Part.ItemsOf(user)) Set(_forbidden, item);
            foreach (var item in targets) Set(_candidates, item);
            sampler.Sample(user, _forbidden, _candidates, _drawn);
        }
        var byHistory = _protocol.UserInput == UserInput.History;
        var request = new RecallRequest(byHistory ? -1 : user)
        {
            History = byHistory ? _run.Train.ItemsOf(user) : default,
            HistoryValues = byHistory ? _run.Train.ValuesOf(user) : default,
            Filter = new ItemFilter { Exclude = _protocol.ExcludeTrainItems ? exclude : default, Predicate = _isCandidate },
        };
        var found = _run.Recaller.Recall(request, _list);
        Check(user, found);
        if (_run.Sampler is not null)
        {
            foreach (var item in exclude) Clear(_forbidden, item);
            foreach (var item in _run.Part.ItemsOf(user)) Clear(_forbidden, item);
            foreach (var item in targets) Clear(_candidates, item);
            foreach (var item in _drawn) Clear(_candidates, item);
        }
        return found;
    }

    // A list that breaks the contract of IRecaller would give numbers that mean nothing.
    private void Check(int user, int found)
    {
        if (found < 0 || found > _list.Length) throw Broken(user, $"returned a count of {found} for a list of {_list.Length}");
        for (var i = 0; i < found; i++)
        {
            var item = _list[i].Item;
            if ((uint)item >= (uint)_run.Train.ItemCount)
                throw Broken(user, $"returned item {item} of a catalogue of {_run.Train.ItemCount}");
            if (i > 0 && !_list[i - 1].Before(_list[i]))
                throw Broken(user, $"put {_list[i - 1]} before {_list[i]}; a list is best first, ties by lower id, without NaN");
            if (Has(_listed, item)) throw Broken(user, $"returned item {item} twice");
            if (_protocol.ExcludeTrainItems && Has(_seen, item)) throw Broken(user, $"returned item {item}, which the filter excludes");
            if (_isCandidate is not null && !_isCandidate(item)) throw Broken(user, $"returned item {item}, which the predicate refuses");
            Set(_listed, item);
            _ids[i] = item;
        }
        for (var i = 0; i < found; i++) Clear(_listed, _list[i].Item);
        if (found < _list.Length) ShortLists++;
        if (found == 0) EmptyLists++;
    }

    private InvalidOperationException Broken(int user, string what)
        => new($"The recaller of '{_run.Name}' ({_run.Recaller.GetType().Name}) {what}, for user {user}.");

    private void Measure(int found, ReadOnlySpan<int> targets, Span<float> row)
    {
        var ids = _ids.AsSpan(0, found);
        RankingMetrics.Mark(ids, targets, _hits);
        var hits = _hits.AsSpan(0, found);
        var graded = _protocol.Gain != GainKind.Binary && Grade(ids, targets);
        var next = 0;
        for (var i = 0; i < _protocol.K.Count; i++)
        {
            var k = _protocol.K[i];
            var shown = ids[..Math.Min(k, found)];
            row[next++] = (float)RankingMetrics.Recall(hits, k, targets.Length, _protocol.RecallDenominator);
            row[next++] = (float)RankingMetrics.Precision(hits, k, _protocol.PrecisionDenominator);
            row[next++] = (float)RankingMetrics.HitRate(hits, k);
            row[next++] = _protocol.Gain == GainKind.Binary ? (float)RankingMetrics.Ndcg(hits, k, targets.Length)
                : graded ? (float)RankingMetrics.Ndcg(_gains.AsSpan(0, found), k, _ideal.AsSpan(0, targets.Length))
                : float.NaN;
            row[next++] = (float)RankingMetrics.ReciprocalRank(hits, k);
            row[next++] = (float)RankingMetrics.AveragePrecision(hits, k, targets.Length, _protocol.AveragePrecisionDenominator);
            row[next++] = (float)RankingMetrics.F1(hits, k, targets.Length);
            row[next++] = (float)(RankingMetrics.ClickPosition(hits, k) ?? double.NaN);
            row[next++] = found == 0 || _run.TrainUsers == 0
                ? float.NaN
                : (float)ListMetrics.Novelty(shown, _run.ItemUsers, _run.TrainUsers);
            if (_protocol.ItemSimilarity is { } similarity)
                row[next++] = found == 0 ? float.NaN : (float)ListMetrics.IntraListDiversity(shown, similarity);
            foreach (var item in shown) Interlocked.Increment(ref _run.Shown[i][item]);
        }
    }

    // False where all targets have a gain of 0: graded NDCG is undefined then.
    private bool Grade(ReadOnlySpan<int> ids, ReadOnlySpan<int> targets)
    {
        for (var i = 0; i < targets.Length; i++) _ideal[i] = -RankingMetrics.Gain(_values[i], _protocol.Gain);
        for (var i = 0; i < ids.Length; i++) _gains[i] = _hits[i] ? -_ideal[targets.BinarySearch(ids[i])] : 0;
        var ideal = _ideal.AsSpan(0, targets.Length);
        ideal.Sort();
        foreach (ref var gain in ideal) gain = -gain;
        return ideal[0] > 0;
    }

    private static bool Has(ulong[] bits, int item) => (bits[item >> 6] >> item & 1) != 0;

    private static void Set(ulong[] bits, int item) => bits[item >> 6] |= 1UL << item;

    private static void Clear(ulong[] bits, int item) => bits[item >> 6] &= ~(1UL << item);
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Recsys.Numerics;

namespace Recsys.Graphs;

/// <summary>How tokens become pairs.</summary>
/// <param name="Window">Most tokens to either side; 0 for the whole sequence (a set).</param>
/// <param name="Shrinks">Whether each centre draws its window from 1..Window, which weighs near tokens more, as word2vec does.</param>
/// <param name="Passes">Passes over the sequences.</param>
/// <param name="Keep">For each token the probability that an occurrence stays, or null: all stay.</param>
/// <param name="Row">For each token its row, or -1 for one that is left out.</param>
/// <param name="MarksWindows">Whether the centre of the first pair of a window is complemented (~centre), so that windows can be told
/// apart.</param>
internal sealed record PairSettings(int Window, bool Shrinks, int Passes, float[]? Keep, int[] Row, bool MarksWindows);

/// <summary>
/// The pairs (centre, context) of all passes, episode after episode, so that memory doesn't grow with the data. An episode has a fixed
/// number of groups,
/// filled in parallel; what stands in them depends on the data and the generator alone.
/// </summary>
internal sealed class PairStream
{
    public const int Groups = 16;
    private const int GroupPairs = 1 << 16;

    private readonly ITokenSequences _sequences;
    private readonly PairSettings _settings;
    private readonly Rng _rng;
    private readonly List<Segment>[] _segments = new List<Segment>[Groups];
    private readonly TokenPair[][] _pairs = new TokenPair[Groups][];
    private readonly int[][] _tokens = new int[Groups][];
    private readonly int[] _counts = new int[Groups];
    private int _sequence, _position;

    public PairStream(ITokenSequences sequences, PairSettings settings, Rng rng)
    {
        (_sequences, _settings, _rng) = (sequences, settings, rng);
        for (var g = 0; g < Groups; g++) (_segments[g], _pairs[g], _tokens[g]) = ([], [], []);
    }

    /// <summary>Passes that are done, counting the present episode.</summary>
    public int Pass { get; private set; }

    /// <summary>The share of the work that is done, 0..1, counting the present episode.</summary>
    public double Done
        => Pass == _settings.Passes ? 1 : (Pass + (double)_sequence / _sequences.Count) / _settings.Passes;

    /// <summary>Pairs of the present episode.</summary>
    public int Count
    {
        get
        {
            var sum = 0;
            foreach (var count in _counts) sum += count;
            return sum;
        }
    }

    /// <summary>The pairs of one group of the present episode; all pairs of a centre lie together.</summary>
    public ReadOnlySpan<TokenPair> Group(int group) => _pairs[group].AsSpan(0, _counts[group]);

    /// <summary>Makes the next episode, which ends at the latest with the pass.</summary>
    /// <returns>False if there is none.</returns>
    public bool Next(int threads, CancellationToken cancel)
    {
        if (Pass == _settings.Passes || _sequences.Count == 0) return false;
        var pass = Pass;
        for (var g = 0; g < Groups; g++) Plan(_segments[g]);
        if (_sequence == _sequences.Count) (Pass, _sequence) = (Pass + 1, 0);
        Shards.Run(Groups, threads, g => Fill(g, pass), cancel);
        return true;
    }

    // The next parts of sequences, by the most pairs that they can have.
    private void Plan(List<Segment> segments)
    {
        segments.Clear();
        for (var room = (long)GroupPairs; _sequence < _sequences.Count;)
        {
            var length = _sequences.LengthBound(_sequence);
            var contexts = Contexts(length);
            var centres = contexts == 0 ? length - _position : (int)Math.Min(room / contexts, length - _position);
            if (centres == 0 && contexts > 0)
            {
                if (segments.Count > 0) return;
                centres = 1; // a set of more tokens than a group has pairs
            }
            if (contexts > 0) segments.Add(new Segment(_sequence, _position, _position + centres));
            room -= (long)centres * contexts;
            _position += centres;
            if (_position >= length) (_sequence, _position) = (_sequence + 1, 0);
        }
    }

    private int Contexts(int length) => Math.Max(0, _settings.Window == 0 ? length - 1 : (int)Math.Min(2L * _settings.Window, length - 1));

    private void Fill(int group, int pass)
    {
        var segments = CollectionsMarshal.AsSpan(_segments[group]);
        _counts[group] = 0;
        if (segments.IsEmpty) return;
        var most = 0L;
        foreach (var s in segments) most += (long)(s.End - s.Start) * Contexts(_sequences.LengthBound(s.Sequence));
        if (_pairs[group].Length < most) _pairs[group] = new TokenPair[most];
        if (_tokens[group].Length == 0) _tokens[group] = new int[2 * _sequences.LongestLength];
        foreach (var s in segments) Fill(group, pass, s);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fill(int group, int pass, Segment segment)
    {
        var rng = _rng.Stream((ulong)pass).Stream((ulong)segment.Sequence);
        var tokens = _tokens[group].AsSpan(0, _sequences.LongestLength);
        var positions = _tokens[group].AsSpan(_sequences.LongestLength);
        var length = _sequences.Write(pass, segment.Sequence, tokens);
        var kept = 0;
        for (var i = 0; i < length; i++)
        {
            var row = _settings.Row[tokens[i]];
            if (row < 0 || _settings.Keep is { } keep && rng.Uniform(2 * (ulong)i + 1) >= keep[tokens[i]]) continue;
            (tokens[kept], positions[kept]) = (row, i);
            kept++;
        }

        var pairs = _pairs[group];
        var next = _counts[group];
        for (var i = 0; i < kept; i++)
        {
            if (positions[i] < segment.Start || positions[i] >= segment.End) continue;
            var first = next;
            var reach = _settings.Window == 0 ? kept : _settings.Shrinks ? 1 + rng.Below(2 * (ulong)positions[i], _settings.Window)
                : _settings.Window;
            var centre = tokens[i];
            var end = (int)Math.Min(kept, (long)i + reach + 1);
            for (var j = Math.Max(0, i - reach); j < end; j++)
            {
                // The same item twice in a set says nothing; in a sequence the pair is kept, as word2vec keeps it.
                if (j == i || _settings.Window == 0 && tokens[j] == centre) continue;
                pairs[next++] = new TokenPair(centre, tokens[j]);
            }
            if (_settings.MarksWindows && next > first) pairs[first] = pairs[first] with { Centre = ~centre };
        }
        _counts[group] = next;
    }

    private readonly record struct Segment(int Sequence, int Start, int End);
}

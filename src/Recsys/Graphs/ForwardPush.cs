using Recsys.Numerics;

namespace Recsys.Graphs;

// The walk of RestartWalk from one root, only where it matters. Estimates p and residuals r obey, after every push,
//
//   rank_root = p + Σ_v r(v) rank_v
//   push(v):  p(v) += (1 - α) r(v);   r(w) += α r(v) w_vw / D_v for each neighbour w;   r(v) = 0
//
// Pushing until r(v) ≤ ε D_v everywhere leaves p(v) ≤ rank(v) ≤ p(v) + ε D_v, since D_v rank_v(w) = D_w rank_w(v); it takes at most 1 / (ε
// (1 - α)) units of degree, however large the graph. No rank is off by more than Σ r either. The bound holds because each push settles
// (1 - α) r(v) of the 1 that there is: a walk that settles more has edges that do not add up to its degrees, and is stopped.
// Andersen, Chung, Lang, "Local graph partitioning using PageRank vectors", FOCS 2006 (here the walk is not lazy).

/// <summary>
/// Working memory for pushes on one graph, for one caller at a time: 29 bytes for each node. A pushed walk costs what it touches; reading
/// and clearing too.
/// </summary>
internal sealed class ForwardPush
{
    private readonly BipartiteGraph _graph;
    private readonly Side _users;
    private readonly Side _items;
    private readonly double[] _extra; // weights of the edges of a root beyond the graph, by item

    public ForwardPush(BipartiteGraph graph)
    {
        _graph = graph;
        _users = new Side(graph.UserCount + 1); // the last one is the root beyond the graph
        _items = new Side(graph.ItemCount);
        _extra = new double[graph.ItemCount];
    }

    /// <summary>The items met, in the order in which they were.</summary>
    public ReadOnlySpan<int> TouchedItems => _items.Touched.AsSpan(0, _items.TouchedCount);

    /// <summary>p of an item: at most its rank.</summary>
    public double Estimate(int item) => _items.P[item];

    /// <summary>p of a user.</summary>
    public double EstimateOfUser(int user) => _users.P[user];

    /// <summary>Σ r: what the estimates lack of 1.</summary>
    public double Residual()
    {
        var sum = 0.0;
        foreach (var node in _users.Touched.AsSpan(0, _users.TouchedCount)) sum += _users.R[node];
        foreach (var node in _items.Touched.AsSpan(0, _items.TouchedCount)) sum += _items.R[node];
        return sum;
    }

    /// <summary>Pushes from a node of the graph until r(v) ≤ ε D_v.</summary>
    /// <exception cref="ArithmeticException">The edges of a node do not add up to its degree, so that the walk would not end.</exception>
    public void Run(int root, double alpha, double epsilon)
    {
        var (side, node) = root < _graph.UserCount ? (_users, root) : (_items, root - _graph.UserCount);
        side.Add(node, 1);
        if (_graph.Degree(root) == 0) side.P[node] = side.Take(node);
        else Push(default, 0, alpha, epsilon);
    }

    /// <summary>Pushes from a user who is not in the graph, with edges of these weights, as if the graph had that user too.</summary>
    /// <inheritdoc cref="Run(int, double, double)"/>
    public void Run(SparseRow edges, double alpha, double epsilon)
    {
        var degree = 0.0;
        for (var k = 0; k < edges.Length; k++)
        {
            if (edges.Values[k] <= 0) continue;
            _extra[edges.Columns[k]] = edges.Values[k];
            degree += edges.Values[k];
        }
        if (degree == 0) return;
        _users.Add(_graph.UserCount, 1);
        Push(edges, degree, alpha, epsilon);
        for (var k = 0; k < edges.Length; k++) _extra[edges.Columns[k]] = 0;
    }

    /// <summary>Makes ready for the next run.</summary>
    public void Clear()
    {
        _users.Clear();
        _items.Clear();
    }

    // Rounds of one side each: what a round gives goes to the other side alone. The root's first push is made whatever ε.
    private void Push(SparseRow edges, double ownDegree, double alpha, double epsilon)
    {
        // Residuals shrink to the smallest double and stay there: with ε = 0 the rounds would not end.
        if (!(epsilon > 0)) throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "epsilon must be above 0.");
        var first = true;
        var settled = 0.0;
        while (_users.WaitingCount + _items.WaitingCount > 0)
        {
            foreach (var user in _users.TakeWaiting())
            {
                var own = user == _graph.UserCount;
                var degree = own ? ownDegree : _graph.UserDegrees[user];
                if (_users.R[user] <= epsilon * degree && !first) continue;
                first = false;
                var r = _users.Take(user);
                _users.P[user] += (1 - alpha) * r;
                settled += (1 - alpha) * r;
                Spread(own ? edges : _graph.Users.Row(user), alpha * r / degree, _items);
            }
            foreach (var item in _items.TakeWaiting())
            {
                var degree = _graph.ItemDegrees[item] + _extra[item];
                if (_items.R[item] <= epsilon * degree && !first) continue;
                first = false;
                var r = _items.Take(item);
                _items.P[item] += (1 - alpha) * r;
                settled += (1 - alpha) * r;
                Spread(_graph.Items.Row(item), alpha * r / degree, _users);
                if (_extra[item] > 0) _users.Add(_graph.UserCount, alpha * r / degree * _extra[item]);
            }
            // Rounding adds far less than a millionth; NaN is no less than it either.
            if (!(settled <= 1.000001))
            {
                throw new ArithmeticException($"A walk visits nodes {settled} times in all; it must be 1 at most. The weights of a " +
                    "node's edges do not add up to its degree, or are too large to be added up: scale them down.");
            }
        }
    }

    private static void Spread(SparseRow row, double share, Side to)
    {
        var columns = row.Columns;
        var values = row.Values[..columns.Length];
        for (var k = 0; k < columns.Length; k++)
            if (values[k] > 0) to.Add(columns[k], share * values[k]);
    }

    private sealed class Side(int nodes)
    {
        public readonly double[] P = new double[nodes];
        public readonly double[] R = new double[nodes];
        private readonly byte[] _state = new byte[nodes]; // 1: touched, 2: waiting as well
        public readonly int[] Touched = new int[nodes];
        private int[] _waiting = new int[nodes];
        private int[] _taken = new int[nodes];

        public int TouchedCount { get; private set; }

        public int WaitingCount { get; private set; }

        public void Add(int node, double r)
        {
            R[node] += r;
            if (_state[node] != 2) Wait(node);
        }

        public double Take(int node)
        {
            var r = R[node];
            R[node] = 0;
            return r;
        }

        /// <summary>What waits; from now on it may wait anew.</summary>
        public ReadOnlySpan<int> TakeWaiting()
        {
            (_waiting, _taken) = (_taken, _waiting);
            var taken = _taken.AsSpan(0, WaitingCount);
            foreach (var node in taken) _state[node] = 1;
            WaitingCount = 0;
            return taken;
        }

        public void Clear()
        {
            foreach (var node in Touched.AsSpan(0, TouchedCount)) (P[node], R[node], _state[node]) = (0, 0, 0);
            (TouchedCount, WaitingCount) = (0, 0);
        }

        private void Wait(int node)
        {
            if (_state[node] == 0) Touched[TouchedCount++] = node;
            _waiting[WaitingCount++] = node;
            _state[node] = 2;
        }
    }
}

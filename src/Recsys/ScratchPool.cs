using System.Collections.Concurrent;

namespace Recsys;

/// <summary>Working memory that calls borrow and give back: one object per concurrent call, none allocated once warm.</summary>
internal sealed class ScratchPool<T>(Func<T> create) where T : class
{
    private readonly ConcurrentQueue<T> _spare = new();
    private T? _first;

    public T Rent()
    {
        var item = Interlocked.Exchange(ref _first, null);
        if (item is not null) return item;
        return _spare.TryDequeue(out item) ? item : create();
    }

    public void Return(T item)
    {
        if (Interlocked.CompareExchange(ref _first, item, null) is not null) _spare.Enqueue(item);
    }
}

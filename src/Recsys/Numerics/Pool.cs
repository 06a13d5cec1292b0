namespace Recsys.Numerics;

/// <summary>
/// Keeps working memory between calls, so that a call allocates nothing once as many callers as ever run at once have been served. Safe for
/// any number of threads. Owned by a model, sized for that model.
/// </summary>
/// <typeparam name="T">The working memory; whoever returns it leaves it as the factory made it.</typeparam>
internal sealed class Pool<T>(Func<T> create) where T : class
{
    private readonly T?[] _free = new T?[2 * Environment.ProcessorCount];

    public T Rent()
    {
        for (var i = 0; i < _free.Length; i++)
        {
            if (Volatile.Read(ref _free[i]) is not null && Interlocked.Exchange(ref _free[i], null) is { } taken) return taken;
        }
        return create();
    }

    public void Return(T item)
    {
        for (var i = 0; i < _free.Length; i++)
        {
            if (Interlocked.CompareExchange(ref _free[i], item, null) is null) return;
        }
    }
}

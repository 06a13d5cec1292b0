namespace Recsys.Features;

public sealed partial class FeatureSet
{
    /// <summary>Fills the batch with the examples start..start+count-1. Allocates nothing after warm-up.</summary>
    /// <exception cref="ArgumentException">The batch is too small or was made for another schema.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the examples.</exception>
    public void Assemble(Examples examples, int start, int count, ExampleBatch batch)
    {
        Begin(examples, count, batch);
        if (start < 0 || start > examples.Count - count)
            throw new ArgumentOutOfRangeException(
                nameof(start), start, $"{count} examples from {start} do not lie within the {examples.Count} there are.");
        var data = examples.Data;
        data.Users.AsSpan(start, count).CopyTo(batch.UserIds);
        data.Items.AsSpan(start, count).CopyTo(batch.ItemIds);
        CopyOr(data.Contexts, start, count, batch.ContextIds, -1);
        CopyOr(data.Queries, start, count, batch.QueryColumn, -1);
        CopyOr(data.Positions, start, count, batch.PositionColumn, 0);
        CopyOr(data.Weights, start, count, batch.WeightColumn, 1);
        for (var label = 0; label < batch.LabelColumns.Length; label++)
            data.Labels[label].AsSpan(start, count).CopyTo(batch.LabelColumns[label]);
        for (var c = 0; c < Schema.Channels.Count; c++)
            CopyOr(data.ChannelSignals.Count == 0 ? null : data.ChannelSignals[c], start, count,
                batch.NumberColumns[Schema.Channels[c].Slot], 0);
        Assembler.Gather(this, examples.ContextTable, batch);
        if (batch.SequenceColumns.Length == 0) return;
        Assembler.BeginSequences(batch);
        for (var i = 0; i < count; i++) Assembler.Sequences(this, examples, start + i, i, batch);
    }

    /// <summary>
    /// Fills the batch with the examples at some places, in that order (those of a <see cref="Numerics.Permutation"/>, for example).
    /// </summary>
    /// <exception cref="ArgumentException">The batch is too small or was made for another schema.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A place does not lie within the examples.</exception>
    public void Assemble(Examples examples, ReadOnlySpan<int> places, ExampleBatch batch)
    {
        Begin(examples, places.Length, batch);
        foreach (var place in places)
            if ((uint)place >= (uint)examples.Count)
            {
                batch.Count = 0;
                throw new ArgumentOutOfRangeException(nameof(places), place, $"There are {examples.Count} examples.");
            }
        var data = examples.Data;
        PickOr(data.Users, places, batch.UserIds, -1);
        PickOr(data.Items, places, batch.ItemIds, -1);
        PickOr(data.Contexts, places, batch.ContextIds, -1);
        PickOr(data.Queries, places, batch.QueryColumn, -1);
        PickOr(data.Positions, places, batch.PositionColumn, 0);
        PickOr(data.Weights, places, batch.WeightColumn, 1);
        for (var label = 0; label < batch.LabelColumns.Length; label++) PickOr(data.Labels[label], places, batch.LabelColumns[label], 0);
        for (var c = 0; c < Schema.Channels.Count; c++)
            PickOr(data.ChannelSignals.Count == 0 ? null : data.ChannelSignals[c], places, batch.NumberColumns[Schema.Channels[c].Slot], 0);
        Assembler.Gather(this, examples.ContextTable, batch);
        if (batch.SequenceColumns.Length == 0) return;
        Assembler.BeginSequences(batch);
        for (var i = 0; i < places.Length; i++) Assembler.Sequences(this, examples, places[i], i, batch);
    }

    /// <summary>
    /// Fills the batch with the candidates of a request, in their order, by the code that fills training batches. Allocates nothing after
    /// warm-up.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The batch is too small or was made for another schema; or the parts of the history differ in length.
    /// </exception>
    public void Assemble(in CandidateRequest request, ExampleBatch batch)
    {
        var count = request.Items.Length;
        Begin(count, batch);
        if (!request.HistoryTimes.IsEmpty && request.HistoryTimes.Length != request.History.Length
            || !request.HistoryEvents.IsEmpty && request.HistoryEvents.Length != request.History.Length)
        {
            batch.Count = 0;
            throw new ArgumentException($"The history has {request.History.Length} items, {request.HistoryTimes.Length} times and "
                + $"{request.HistoryEvents.Length} events; times and events must be empty or as many.", nameof(request));
        }
        if (!request.ChannelSignals.IsEmpty && request.ChannelSignals.Length != Schema.Channels.Count * count)
        {
            batch.Count = 0;
            throw new ArgumentException(
                $"There are {request.ChannelSignals.Length} channel signals; {Schema.Channels.Count} channel features and "
                + $"{count} candidates need none or {Schema.Channels.Count * count}.", nameof(request));
        }
        request.Items.CopyTo(batch.ItemIds);
        for (var c = 0; c < Schema.Channels.Count; c++)
        {
            var column = batch.NumberColumns[Schema.Channels[c].Slot].AsSpan(0, count);
            if (request.ChannelSignals.IsEmpty) column.Clear();
            else request.ChannelSignals.Slice(c * count, count).CopyTo(column);
        }
        batch.UserIds.AsSpan(0, count).Fill(request.User);
        batch.ContextIds.AsSpan(0, count).Fill(request.Context);
        batch.QueryColumn.AsSpan(0, count).Fill(-1);
        batch.PositionColumn.AsSpan(0, count).Fill(request.Position);
        batch.WeightColumn.AsSpan(0, count).Fill(1);
        batch.HasLabels = false;
        batch.ItemTable = Items;
        Assembler.Gather(this, request.Contexts ?? Contexts, batch);
        if (batch.SequenceColumns.Length == 0) return;
        Assembler.BeginSequences(batch);
        Assembler.Sequences(this, request, batch);
    }

    /// <summary>Fills the batch with the candidates of one user, without context or history.</summary>
    /// <inheritdoc cref="Assemble(in CandidateRequest, ExampleBatch)"/>
    public void Assemble(int user, ReadOnlySpan<int> items, ExampleBatch batch) => Assemble(new CandidateRequest(user, items), batch);

    /// <summary>Fills the batch with the candidates of one user in one of the set's contexts.</summary>
    /// <inheritdoc cref="Assemble(in CandidateRequest, ExampleBatch)"/>
    public void Assemble(int user, ReadOnlySpan<int> items, int context, ExampleBatch batch)
        => Assemble(new CandidateRequest(user, items) { Context = context }, batch);

    private void Begin(Examples examples, int count, ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(examples);
        Schema.EnsureCompatible(examples.Schema);
        Begin(count, batch);
        batch.HasLabels = true;
        batch.ItemTable = null;
    }

    private void Begin(int count, ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Schema.EnsureCompatible(batch.Schema);
        batch.Count = 0;
        if (count > batch.Capacity)
            throw new ArgumentException(
                $"The batch holds at most {batch.Capacity} examples, {count} were asked; make one by CreateBatch({count}).", nameof(batch));
        batch.Count = count;
    }

    private static void CopyOr<T>(T[]? source, int start, int count, T[] destination, T absent)
    {
        if (source is null) destination.AsSpan(0, count).Fill(absent);
        else source.AsSpan(start, count).CopyTo(destination);
    }

    private static void PickOr<T>(T[]? source, ReadOnlySpan<int> places, T[] destination, T absent)
    {
        if (source is null)
        {
            destination.AsSpan(0, places.Length).Fill(absent);
            return;
        }
        for (var i = 0; i < places.Length; i++) destination[i] = source[places[i]];
    }
}

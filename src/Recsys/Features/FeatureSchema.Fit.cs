using Recsys.Data;

namespace Recsys.Features;

public sealed partial class FeatureSchema
{
    /// <summary>Fits the encoders and encodes the features of all users, items and contexts.</summary>
    /// <param name="users">Raw user columns; may be left out where the schema has no user feature but an id.</param>
    /// <param name="items">Raw item columns, likewise.</param>
    /// <param name="contexts">Raw context columns, one row for each situation (often: for each training example).</param>
    /// <param name="userIds">
    /// External user ids: row r of the table is id r of the map, found by the key of <paramref name="users"/> (<see
    /// cref="Columns.KeyedBy"/>, or the column of the user id feature). Default: the map of <paramref name="train"/>; without either, row r
    /// of the columns is user r.
    /// </param>
    /// <param name="itemIds">External item ids, likewise.</param>
    /// <param name="train">
    /// The training log: only users and items that occur in it shape vocabularies, edges, scales and ids. Default: all users and items
    /// given do.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A column is missing, a key occurs twice, or a rule of a feature is broken; the message names it.
    /// </exception>
    /// <exception cref="FormatException">A cell of a number is not one; the message names file, line or row, column and value.</exception>
    public FeatureSet Fit(
        Columns? users = null, Columns? items = null, Columns? contexts = null, IdMap? userIds = null, IdMap? itemIds = null,
        Interactions? train = null)
    {
        IdMap?[] ids = [userIds ?? train?.Users, itemIds ?? train?.Items, null];
        Columns?[] columns = [users, items, contexts];
        var warnings = new List<string>();
        var rows = new int[3][];
        for (var side = 0; side < 3; side++)
        {
            RequireColumns((Side)side, columns[side]);
            rows[side] = EntityRows.Resolve(this, (Side)side, columns[side], ids[side], warnings);
        }
        var states = FeatureFitting.Fit(this, columns, rows, train);
        var cardinalities = FeatureFitting.Cardinalities(this, states);
        var fingerprints = new ulong[states.Length];
        for (var i = 0; i < states.Length; i++)
            fingerprints[i] = states[i].Fingerprint(Features[i],
                Features[i].Side is Side.User or Side.Item ? ids[(int)Features[i].Side] : null);
        var schema = new FittedSchema(this, cardinalities, fingerprints);
        var tables = new FeatureTable[3];
        for (var side = 0; side < 3; side++)
            tables[side] = TableEncoder.Encode(schema, states, (Side)side, columns[side], rows[side], ids);
        return new FeatureSet(schema, states, tables[0], tables[1], tables[2], warnings);
    }

    /// <summary>Checks that the columns of a side's features are there.</summary>
    internal void RequireColumns(Side side, Columns? columns)
    {
        foreach (var feature in Features)
        {
            if (feature.Side != side || feature.Kind == FeatureKind.Id) continue;
            if (columns is null)
                throw new ArgumentException(
                    $"Feature '{feature.Name}' describes the {side}, but no {side.ToString().ToLowerInvariant()} columns were given.");
            columns.Find(feature.Column);
        }
    }
}

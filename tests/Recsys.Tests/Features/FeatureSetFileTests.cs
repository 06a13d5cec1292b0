using Recsys.Features;
using Recsys.Persistence;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Features;

public sealed class FeatureSetFileTests
{
    private static FeatureSet Everything()
    {
        var log = Data.ToLog();
        Columns users = Columns.From(["u0", "u1", "u2"]).Key("user", u => u).Text("gender", u => u == "u0" ? "f" : "m")
            .Number("age", u => 20 + u[1]).Number("gain", u => u == "u2" ? null : u[1]);
        Columns items = Columns.From(["i0", "i1"]).Key("itemId", i => i).Text("genres", i => i == "i0" ? "a|b" : "b")
            .Number("price", i => i[1] - 48).Number("year", i => 1990 + i[1]).Text("words", i => $"w {i}");
        Columns contexts = Columns.From([7.0, 20]).Number("hour", h => h).Text("agent", h => $"agent {h}");
        return FeatureSchemaTests.EveryKind.Fit(users, items, contexts, train: log);
    }

    private static class Data
    {
        public static Recsys.Data.Interactions ToLog()
            => Recsys.Data.Interactions.From([("u0", "i0", 1f, 1L), ("u0", "i1", 1f, 2L), ("u1", "i1", 1f, 3L), ("u2", "i1", 1f, 4L)]);
    }

    private static float[] Scores(FeatureSet set)
    {
        var batch = set.CreateBatch(8);
        var numbers = new List<float>();
        foreach (var user in (int[])[0, 1, 2, 3, -1, 1_000_000])
        {
            set.Assemble(new CandidateRequest(user, [0, 1, 2, -1, 1_000_000])
            {
                History = [1, 0, 7],
                HistoryEvents = [0, 1, 1],
                EventTypes = ["buy", "view"],
                Position = 3
            }, batch);
            foreach (var bits in AssemblyTests.Bits(batch)) numbers.Add(bits % 100_003);
        }
        var contexts = set.EncodeContexts(Columns.From(["5", "12.5"]).Text("hour", h => h).Text("agent", h => h));
        set.Assemble(new CandidateRequest(0, [0]) { Contexts = contexts, Context = 1 }, batch);
        foreach (var bits in AssemblyTests.Bits(batch)) numbers.Add(bits % 100_003);
        Columns users = Columns.From(["f", "m", "f", "x"]).Text("gender", g => g).Number("age", g => g[0]).Number("gain", _ => 1);
        var larger = set.WithUsers(users);
        larger.Assemble(new CandidateRequest(1, [0, 1]), batch);
        foreach (var bits in AssemblyTests.Bits(batch)) numbers.Add(bits % 100_003);
        foreach (var user in (int[])[0, 1, 2, 3]) Assert.InRange(larger.Users.Code("user", user), 0, set.Schema["user"].Cardinality - 1);
        var sparse = new SparseRows();
        new SparseLayout(set.Schema).Fill(batch, sparse);
        foreach (var column in sparse.Columns) numbers.Add(column);
        foreach (var (_, rows) in set.Schema.Tables) numbers.Add(rows);
        return [.. numbers];
    }

    [Fact]
    public void A_set_passes_the_contract_of_model_files() => ModelFileContract.Check(Everything(), Scores);

    [Fact]
    public void A_loaded_set_serves_without_the_raw_data_and_takes_new_users()
    {
        var set = Everything();
        using var stream = new MemoryStream();
        ModelFile.Save(stream, set);
        stream.Position = 0;
        var loaded = ModelFile.Load<FeatureSet>(stream);
        set.Schema.EnsureCompatible(loaded.Schema);
        Assert.Equal(set.Schema.Fingerprint, loaded.Schema.Fingerprint);
        Assert.Equal(Scores(set), Scores(loaded));
        Assert.Equal("b", loaded.NameOf("genres", 1));
        Assert.Equal(0, loaded.Contexts.Count);
        Columns users = Columns.From(["m", "x"]).Text("gender", g => g).Number("age", _ => 70).Number("gain", _ => 1);
        Assert.Equal([2, 1], Enumerable.Range(0, 2).Select(u => loaded.WithUsers(users).Users.Code("gender", u)));
    }

    [Fact]
    public void A_schema_passes_the_contract_of_model_files()
        => ModelFileContract.Check(Everything().Schema, schema =>
        {
            Assert.NotNull(schema.ToString());
            return [schema.Fingerprint % 1000, .. schema.Features.Select(f => (float)f.Cardinality), .. schema.Tables.Values];
        });
}

using System.Globalization;
using System.Text.Json;
using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Evaluation;

public sealed class ReportTests
{
    private static readonly Split Split = MakeSplit();

    private static Split MakeSplit()
    {
        var train = ContractData.Build(2, 4, add => { add(0, 0, 1, 1); add(1, 3, 1, 1); });
        var test = ContractData.Build(2, 4, add => { add(0, 1, 1, 9); add(1, 2, 1, 9); });
        return new Split(train, test, null, "by hand", ["Watch out, \"here\"."]);
    }

    private static RankingReport Evaluate(string name, float sign)
        => RankingEvaluator.Evaluate(
            name, new FunctionRecaller(4, (_, item) => sign * item), Split, new RankingProtocol { K = [1], Bootstrap = 100 });

    [Fact]
    public void A_text_table_of_two_models()
    {
        var expected = """
            split      by hand
            protocol   full catalogue; seen items excluded; targets: every row; users by id
            users      2 evaluated, 0 without targets left out, 0 without training rows
            items      4 in the catalogue
            targets    2, 2 of items without training rows, 0 in the user's history
            intervals  95 % bootstrap over users, 100 resamples, seed 1

            metric             up                       down
            Recall@1           0.5000 [0.0000, 1.0000]  0.5000 [0.0000, 1.0000]
            Precision@1        0.5000 [0.0000, 1.0000]  0.5000 [0.0000, 1.0000]
            HitRate@1          0.5000 [0.0000, 1.0000]  0.5000 [0.0000, 1.0000]
            NDCG@1             0.5000 [0.0000, 1.0000]  0.5000 [0.0000, 1.0000]
            MRR@1              0.5000 [0.0000, 1.0000]  0.5000 [0.0000, 1.0000]
            MAP@1              0.5000 [0.0000, 1.0000]  0.5000 [0.0000, 1.0000]
            F1@1               0.5000 [0.0000, 1.0000]  0.5000 [0.0000, 1.0000]
            ClickPosition@1    1.0000 [1.0000, 1.0000]  1.0000 [1.0000, 1.0000]
            Novelty@1          1.0000 [1.0000, 1.0000]  1.0000 [1.0000, 1.0000]
            Coverage@1         0.5000                   0.5000
            Gini@1             0.5000                   0.5000
            Personalization@1  1.0000                   1.0000

            warning: Watch out, "here".

            """.ReplaceLineEndings("\n");
        Assert.Equal(expected, RankingReport.Table(Evaluate("up", 1), Evaluate("down", -1)));
    }

    [Fact]
    public void A_text_table_of_chosen_metrics()
    {
        var table = EvaluationReport.Table(["MRR@1", "AUC"], Evaluate("up", 1), Evaluate("a longer name", -1));
        Assert.Contains(
            "\n\nmodel          MRR@1                    AUC\nup             0.5000 [0.0000, 1.0000]  -\na longer name  0.5000", table,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => EvaluationReport.Table([], Evaluate("up", 1)));
        Assert.Throws<ArgumentException>(() => RankingReport.Table());
    }

    [Fact]
    public void Settings_and_warnings_that_differ_are_named_for_each_model()
    {
        var other = RankingEvaluator.Evaluate(
            "b", new FunctionRecaller(4, (_, item) => item), Split,
            new RankingProtocol { K = [1], Bootstrap = 0, ExcludeTrainItems = false });
        var short_ = RankingEvaluator.Evaluate("c", new ScriptedRecaller((in RecallRequest _, Span<ScoredItem> _) => 0), Split);
        var table = RankingReport.Table(Evaluate("a", 1), other, short_);
        Assert.Contains("protocol   a: full catalogue; seen items excluded", table, StringComparison.Ordinal);
        Assert.Contains("\n           b: full catalogue; seen items included", table, StringComparison.Ordinal);
        Assert.Contains("\nwarning (c): 2 of 2 users got no list", table, StringComparison.Ordinal);
        Assert.Contains("\nwarning: Watch out", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_has_a_row_for_each_metric_and_quotes_what_needs_it()
    {
        var csv = Evaluate("up, \"1\"", 1).ToCsv();
        var lines = csv.Split("\r\n");
        Assert.Equal("model,metric,value,low,high,count,split,protocol,users,items,targets,intervals", lines[0]);
        Assert.StartsWith("\"up, \"\"1\"\"\",Recall@1,0.5,0,1,2,by hand,", lines[1], StringComparison.Ordinal);
        Assert.Contains(",Coverage@1,0.5,,,2,", csv, StringComparison.Ordinal);
        Assert.Equal(14, lines.Length);
        Assert.Equal(csv[(csv.IndexOf("\r\n", StringComparison.Ordinal) + 2)..], Evaluate("up, \"1\"", 1).ToCsv(header: false));
    }

    [Fact]
    public void Json_reads_back()
    {
        var none = RankingEvaluator.Evaluate("c", new ScriptedRecaller((in RecallRequest _, Span<ScoredItem> _) => 0), Split);
        var report = Evaluate("up", 1);
        using var document = JsonDocument.Parse(report.ToJson());
        Assert.Equal("up", document.RootElement.GetProperty("model").GetString());
        Assert.Equal("by hand", document.RootElement.GetProperty("settings").GetProperty("split").GetString());
        var first = document.RootElement.GetProperty("metrics")[0];
        Assert.Equal("Recall@1", first.GetProperty("name").GetString());
        Assert.Equal(0.5, first.GetProperty("value").GetDouble());
        Assert.Equal("Watch out, \"here\".", document.RootElement.GetProperty("warnings")[0].GetString());
        using var empty = JsonDocument.Parse(none.ToJson());
        Assert.Contains(
            empty.RootElement.GetProperty("metrics").EnumerateArray(), m => m.GetProperty("value").ValueKind == JsonValueKind.Null);
    }

    [Fact]
    public void The_culture_changes_nothing()
    {
        var report = Evaluate("up", 1);
        var (text, csv, json) = (report.ToText(), report.ToCsv(), report.ToJson());
        var before = CultureInfo.CurrentCulture;
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            comma.NumberFormat.NegativeSign = "~";
            CultureInfo.CurrentCulture = comma;
            Assert.Equal((text, csv, json), (report.ToText(), report.ToCsv(), report.ToJson()));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}

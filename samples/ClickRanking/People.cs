using System.IO.Compression;
using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Samples.ClickRanking;

/// <summary>A row of UCI Adult. Missing texts are "".</summary>
internal sealed record Person(
    double Age, string Workclass, string Education, double EducationYears, string MaritalStatus, string Occupation, string Relationship,
    string Race, string Sex, double CapitalGain, double CapitalLoss, double HoursPerWeek, string Country, bool Earns50K);

/// <summary>Who earns more than 50,000 a year? Stands for who clicks: as many features of both sorts, and as unbalanced labels.</summary>
internal sealed record People(string Name, Columns Train, Columns Test)
{
    /// <summary>Adult as the UCI repository has it: adult.data and adult.test, plain or gzip.</summary>
    public static People Read(string folder) => new("UCI Adult", ReadFile(folder, "adult.data"), ReadFile(folder, "adult.test"));

    /// <summary>
    /// Drawn from rules: earnings grow with age up to a point, with education and hours, and jump with a gain on capital.
    /// </summary>
    public static People Synthetic() => new("synthetic people", Draw(20_000, new Rng(1)), Draw(10_000, new Rng(2)));

    private static Columns ReadFile(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        var packed = !File.Exists(path);
        using var file = File.OpenRead(packed ? path + ".gz" : path);
        using var reader = new StreamReader(packed ? new GZipStream(file, CompressionMode.Decompress) : file);
        var people = new List<Person>();
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            // The test file begins with a remark; both end with an empty line.
            if (line.Length == 0 || line[0] == '|') continue;
            string[] c = [.. line.TrimEnd('.').Split(", ").Select(cell => cell == "?" ? "" : cell)];
            if (c.Length != 15) throw new InvalidDataException($"{path}, line {number}: {c.Length} cells where 15 belong.");
            double Number(int cell) => double.TryParse(c[cell], out var value)
                ? value
                : throw new InvalidDataException($"{path}, line {number}: '{c[cell]}' is no number.");
            people.Add(new Person(
                Number(0), c[1], c[3], Number(4), c[5], c[6], c[7], c[8], c[9], Number(10), Number(11), Number(12), c[13],
                c[14] == ">50K"));
        }
        return Table(people);
    }

    private static Columns Draw(int count, Rng rng)
    {
        string[] schools = ["HS-grad", "Some-college", "Bachelors", "Masters", "Doctorate"];
        string[] jobs = ["Craft-repair", "Sales", "Adm-clerical", "Prof-specialty", "Exec-managerial", "Other-service", ""];
        double[] pay = [0.1, 0.2, -0.1, 0.6, 0.9, -0.9, -0.3];
        var people = new List<Person>(count);
        for (var i = 0; i < count; i++)
        {
            var own = rng.Stream((ulong)i);
            double U(ulong k) => own.UniformDouble(k);
            string Of(ulong k, params string[] values) => values[(int)(U(k) * values.Length)];
            var age = Math.Floor(17 + (60 * Math.Pow(U(0), 1.3)));
            var years = (int)(5 * Math.Pow(U(1), 1.5));
            var job = (int)(U(2) * jobs.Length);
            var married = U(3) < Math.Clamp((age - 18) / 25, 0, 0.7);
            var hours = Math.Round(Math.Clamp(40 + (12 * own.Normal(4)), 5, 99));
            var gain = U(5) < 0.08 ? Math.Round(Math.Exp(7 + (1.2 * own.Normal(6)))) : 0;
            var loss = U(7) < 0.05 ? Math.Round(1_800 + (300 * own.Normal(8))) : 0;
            var score = -3.6 + (married ? 1.7 : 0) + (0.5 * years) + (0.035 * (hours - 40)) + pay[job]
                - (Math.Pow((age - 50) / 20, 2) * 0.7) + (years >= 2 && job is 3 or 4 ? 0.6 : 0)
                + (gain > 5_000 ? 4 : gain > 0 ? -0.3 : 0) + (loss > 1_700 ? 1.2 : 0);
            people.Add(new Person(
                age, Of(9, "Private", "Private", "Self-emp", "Local-gov", ""), schools[years], 9 + (2 * years),
                married ? "Married" : Of(10, "Never-married", "Divorced"), jobs[job], married ? "Spouse" : Of(11, "Own-child", "Unmarried"),
                Of(12, "A", "B", "C"), Of(13, "Female", "Male"), gain, loss, hours, Of(14, "United-States", "United-States", "Mexico"),
                U(15) < 1 / (1 + Math.Exp(-score))));
        }
        return Table(people);
    }

    private static Columns Table(IReadOnlyList<Person> people) => Columns.From(people)
        .Number("age", p => p.Age).Text("workclass", p => p.Workclass).Text("education", p => p.Education)
        .Number("education_years", p => p.EducationYears).Text("marital_status", p => p.MaritalStatus)
        .Text("occupation", p => p.Occupation).Text("relationship", p => p.Relationship).Text("race", p => p.Race)
        .Text("sex", p => p.Sex).Number("capital_gain", p => p.CapitalGain).Number("capital_loss", p => p.CapitalLoss)
        .Number("hours_per_week", p => p.HoursPerWeek).Text("country", p => p.Country)
        .Number("earns_50k", p => p.Earns50K ? 1 : 0).Build();
}

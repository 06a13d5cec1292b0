using System.Globalization;
using Recsys.Quality;

// Recsys.Quality <name> … [--data folder]: trains models on real data and prints our numbers beside what was published or asked for.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var names = new List<string>();
var data = default(string);
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--data" && i + 1 < args.Length) data = args[++i];
    else names.Add(args[i]);
}

var suites = Suite.All();
var unknown = names.Find(name => name != "all" && !suites.Exists(s => s.Name == name));
if (names.Count == 0 || unknown is not null)
{
    if (unknown is not null) Console.WriteLine($"There is no suite '{unknown}'.");
    Console.WriteLine("usage: Recsys.Quality <suite> … [--data folder]");
    Console.WriteLine("The data is looked for in that folder, in RECSYS_DATA, and in shared/data above the repository. Suites:");
    foreach (var suite in suites) Console.WriteLine($"  {suite.Name,-12} {suite.Question}");
    Console.WriteLine("  all          all of these");
    return 1;
}

var folders = new DataFolders(data);
var kept = true;
foreach (var suite in suites)
{
    if (!names.Contains("all") && !names.Contains(suite.Name)) continue;
    Console.WriteLine($"== {suite.Name}: {suite.Question}");
    kept &= suite.Run(folders);
    Console.WriteLine();
}
return kept ? 0 : 2;

using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>Ops over fields in parts: rows of codes, and numbers times vectors, some of which share a field.</summary>
internal sealed class FieldOpCases : OpCases
{
    private const int Examples = 5;

    public override IEnumerable<OpCase> All()
    {
        // Which fields are codes, and the field of each number.
        foreach (var (name, fields, codes, numbers) in ((string, int, int[], int[])[])
            [("codes and numbers mixed", 5, [0, 2, 3], [1, 4]), ("a number with its indicator", 4, [1, 2], [0, 0, 3]), ("codes alone", 2, [0, 1], []),
            ("numbers alone", 2, [], [0, 1])])
        {
            foreach (var d in (int[])[1, 3, 16, 21])
            {
                var layout = new FieldLayout(fields, codes, codes, numbers, d);
                var values = Values(numbers.Length);
                var rows = Drawn(Examples, Math.Max(1, codes.Length), d);
                var inputs = (OpInput[])[.. codes.Length == 0 ? [] : (OpInput[])[rows],
                    .. numbers.Length == 0 ? [] : (OpInput[])[Drawn(numbers.Length, d)]];
                yield return Case<FieldPairs>($"{name}, d = {d}", inputs, x => Vectors(x, layout, values).BiInteraction(),
                    x => Pairs(Fields(x, layout, values), fields, d));
                foreach (var relu in (bool[])[false, true])
                {
                    yield return Case<FieldLinear>($"{name}, d = {d}, with bias{(relu ? ", rectified" : "")}",
                        [Drawn(fields * d, 18), Drawn(18), .. inputs],
                        x => FieldLinear.Of(Vectors(x, layout, values, 2), x[0], x[1], relu),
                        x => Linear(Fields([.. x.Skip(2)], layout, values), x[0], x[1], relu));
                }
                yield return Case<FieldLinear>($"{name}, d = {d}, without bias", [Drawn(fields * d, 2), .. inputs],
                    x => FieldLinear.Of(Vectors(x, layout, values, 1), x[0], null, false),
                    x => Linear(Fields([.. x.Skip(1)], layout, values), x[0], new double[2], false));
            }
        }
        // Numbers as they are stand behind the fields.
        foreach (var fields in (int[])[0, 2])
        {
            var layout = new FieldLayout(fields, [.. Enumerable.Range(0, fields)], [], [], 3).With(4);
            var values = Values(4);
            yield return Case<FieldLinear>($"{fields} fields and numbers as they are", [Drawn(fields * 3 + 4, 7), Drawn(7), .. fields == 0 ? [] : (OpInput[])[Drawn(Examples, fields, 3)]],
                x => FieldLinear.Of(new FieldVectors { Layout = layout, Codes = Codes(x, layout, 2), Values = x.Tape.Constant(new Shape(4, Examples), values) },
                    x[0], x[1], true),
                x => Linear(Beside(fields == 0 ? [] : x[2], fields * 3, values, 4), x[0], x[1], true));
        }
    }

    private static float[] Values(int numbers) => [.. Enumerable.Range(0, numbers * Examples).Select(i => (i * 7 % 11 - 4) * 0.25f)];

    private static FieldVectors Vectors(OpCall x, FieldLayout layout, float[] values, int first = 0) => new()
    {
        Layout = layout,
        Codes = Codes(x, layout, first),
        Values = values.Length == 0 ? null : x.Tape.Constant(new Shape(layout.NumberSlots.Length, Examples), values),
        Vectors = values.Length == 0 ? null : x[first + Math.Min(1, layout.Codes.Fields.Length)],
    };

    private static Tensor Codes(OpCall x, FieldLayout layout, int at)
        => layout.Codes.Fields.Length == 0 ? x.Tape.Constant(new Shape(Examples, 0, layout.Dimension)) : x[at];

    // [B, F, d] of all fields.
    private static double[] Fields(double[][] x, FieldLayout layout, float[] values)
    {
        var (d, codes) = (layout.Dimension, layout.Codes.Fields);
        var y = new double[Examples * layout.Width];
        for (var b = 0; b < Examples; b++)
        {
            for (var i = 0; i < d; i++)
            {
                for (var c = 0; c < codes.Length; c++) y[b * layout.Width + codes[c] * d + i] = x[0][(b * codes.Length + c) * d + i];
                for (var n = 0; n < layout.NumberSlots.Length; n++)
                    y[b * layout.Width + layout.NumberSlots[n] * d + i] += values[n * Examples + b] * x[Math.Min(1, codes.Length)][n * d + i];
            }
        }
        return y;
    }

    private static double[] Beside(double[] x, int columns, float[] values, int numbers)
    {
        var y = new double[Examples * (columns + numbers)];
        for (var b = 0; b < Examples; b++)
            for (var i = 0; i < columns + numbers; i++)
                y[b * (columns + numbers) + i] = i < columns ? x[b * columns + i] : values[(i - columns) * Examples + b];
        return y;
    }

    private static double[] Pairs(double[] x, int fields, int d)
    {
        var y = new double[Examples * d];
        for (var b = 0; b < Examples; b++)
            for (var i = 0; i < fields; i++)
                for (var j = i + 1; j < fields; j++)
                    for (var k = 0; k < d; k++) y[b * d + k] += x[(b * fields + i) * d + k] * x[(b * fields + j) * d + k];
        return y;
    }

    private static double[] Linear(double[] x, double[] w, double[] b, bool relu)
    {
        var (inputs, outputs) = (w.Length / b.Length, b.Length);
        var y = new double[Examples * outputs];
        for (var r = 0; r < Examples; r++)
        {
            for (var o = 0; o < outputs; o++)
            {
                var sum = b[o];
                for (var i = 0; i < inputs; i++) sum += x[r * inputs + i] * w[i * outputs + o];
                y[r * outputs + o] = relu ? Math.Max(sum, 0) : sum;
            }
        }
        return y;
    }
}

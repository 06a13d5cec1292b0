using System.Buffers.Binary;
using System.Globalization;
using Recsys.Numerics;
using Recsys.Persistence;
using Recsys.Tests.Persistence;

namespace Recsys.Tests.Contracts;

/// <summary>
/// What every model that can be saved must pass. Use it from a test of the model:
/// <code>
/// [Fact]
/// public void Its_file_is_safe()
///     => ModelFileContract.Check(ItemCf.Train(TinyWorld()), model => Scores(model));
/// </code>
/// <para>
/// The model: small (a file of a few kB; every tensor not empty), so that thousands of changed files load within a second or two.
/// </para>
/// <para>
/// The scores: everything that a user can ask of the model, as floats: lists for each user, an unknown user (-1) and one far too large, a
/// history, similar items; items as floats too. They are asked of models from forged files as well, so they must never throw there and
/// never run for ever: what <c>Read</c> lets through must be safe to score with. Ids and offsets: <c>reader.Ids</c>, <c>reader.Offsets</c>;
/// counts: <c>reader.Count</c>; other numbers: the bounds of <c>Integer</c>, <c>Int32</c>, <c>Real</c>, <c>Single</c>. A rule of the
/// model's own: <c>throw reader.Invalid("…")</c>.
/// </para>
/// <para>
/// An optional entry (<c>reader.Has</c>) fails this contract, because its loss goes unnoticed: announce it with a flag.
/// </para>
/// </summary>
internal static class ModelFileContract
{
    private static readonly string[] Integers = ["I8", "I16", "I32", "I64", "U16", "U32", "U64"];

    public static void Check<T>(T model, Func<T, float[]> scores, ModelKinds? kinds = null) where T : IModel<T>
    {
        kinds ??= ModelKinds.Standard;
        var file = Save(model, kinds);
        Assert.True(file.Length < 1 << 20, $"The file has {file.Length} bytes; give the contract a smaller model.");
        var expected = scores(model);
        Assert.NotEmpty(expected);
        SavesAndLoads(model, file, scores, expected, kinds);

        var probe = new Probe<T>(scores, kinds, file.Length);
        var parts = EditableModelFile.Parse(file);
        Assert.Equal(file.Length % 8, parts.Data().Length % 8);
        probe.MustLoad(parts.ToBytes(), expected);
        Damaged(file, probe);
        MissingAndRenamed(parts, probe);
        ForgedValues(parts, probe);
        ForgedTensors(parts, probe);
        KindsAndVersions<T>(parts, probe);
    }

    private static byte[] Save<T>(T model, ModelKinds kinds) where T : IModel<T>
    {
        using var stream = new MemoryStream();
        ModelFile.Save(stream, model, kinds);
        return stream.ToArray();
    }

    private static void SavesAndLoads<T>(T model, byte[] file, Func<T, float[]> scores, float[] expected, ModelKinds kinds)
        where T : IModel<T>
    {
        Assert.Equal(file, Save(model, kinds));
        var copy = ModelFile.Load<T>(new MemoryStream(file), kinds);
        AssertSameBits(expected, scores(copy), "after loading");
        Assert.Equal(file, Save(copy, kinds));
        var any = kinds.Names.Contains(T.Kind) ? kinds : kinds.With<T>();
        AssertSameBits(expected, scores(Assert.IsType<T>(ModelFile.Load(new MemoryStream(file), any))),
            "after loading as a model of any kind");
    }

    private static void Damaged<T>(byte[] file, Probe<T> probe) where T : IModel<T>
    {
        var random = new Rng(11);
        for (var i = 0; i < 150; i++) probe.MustFail(file[..random.Below((ulong)i, file.Length)], $"truncation {i}");
        for (var i = 0; i < 300; i++)
        {
            var copy = (byte[])file.Clone();
            copy[random.Below((ulong)(1000 + i), file.Length)] ^= (byte)(1 << (i % 8));
            probe.MustFail(copy, $"bit flip {i}");
        }
        probe.MustFail([.. file, 0], "one byte more");
    }

    private static void MissingAndRenamed<T>(EditableModelFile parts, Probe<T> probe) where T : IModel<T>
    {
        foreach (var name in parts.Values.Select(entry => entry.Name).Where(name => name is not ("format" or "library" or "checksum")))
        {
            probe.MustFailNaming(name, parts.With(file => file.Values.RemoveAll(entry => entry.Name == name)).ToBytes());
            var value = parts.Values.Find(entry => entry.Name == name).Value;
            probe.MustFail(parts.With(file => file.Values[file.Values.FindIndex(entry => entry.Name == name)] = (name + "x", value))
                .ToBytes(),
                $"'{name}' renamed");
        }
        foreach (var name in parts.Tensors.Select(tensor => tensor.Name))
        {
            probe.MustFailNaming(name, parts.With(file => file.Tensors.RemoveAll(tensor => tensor.Name == name)).ToBytes());
            probe.MustFailNaming(name, parts.With(file => file.Set(name, tensor => tensor with { Name = name + "x" })).ToBytes());
        }
        probe.MustFailNaming("stranger", parts.With(file => file.Values.Add(("stranger", "1"))).ToBytes());
        probe.MustFailNaming("stranger", parts.With(file => file.Tensors.Add(new("stranger", "U8", [1], [1]))).ToBytes());
    }

    private static void ForgedValues<T>(EditableModelFile parts, Probe<T> probe) where T : IModel<T>
    {
        string[] forged = ["", "-1", "0", "1", "2", "2147483647", "2147483648", "9223372036854775807", "-9223372036854775808", "1e300",
            "-1e300",
            "1e-300", "NaN", "Infinity", "true", "false", "x"];
        foreach (var (name, value) in parts.Values.Where(entry => entry.Name is not ("format" or "library" or "checksum")))
        {
            foreach (var lie in forged) probe.MustBeSafe(parts.With(file => file.Set(name, lie)).ToBytes(), $"'{name}' = '{lie}'");
            if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) continue;
            foreach (var lie in new[] { number - 1, number + 1, 2 * number })
                probe.MustBeSafe(parts.With(file => file.Set(name, lie.ToString(CultureInfo.InvariantCulture))).ToBytes(),
                    $"'{name}' = {lie}");
        }
    }

    private static void ForgedTensors<T>(EditableModelFile parts, Probe<T> probe) where T : IModel<T>
    {
        foreach (var tensor in parts.Tensors)
        {
            var count = tensor.Shape.Aggregate(1L, (product, dimension) => product * dimension);
            if (count == 0) continue;
            var size = (int)(tensor.Data.Length / count);
            foreach (var index in Sample((int)count))
                foreach (var bytes in Lies(tensor, index, size))
                    probe.MustBeSafe(parts.With(file => file.Set(tensor.Name, t => t with { Data = Patched(t.Data, index * size, bytes) }))
                        .ToBytes(),
                        $"'{tensor.Name}'[{index}] = {Convert.ToHexString(bytes)}");
            if (tensor.Type is "F32" or "F64")
                foreach (var index in Sample((int)count).Take(5))
                    probe.MustBeSafe(parts.With(file => file.Set(tensor.Name, t
                        => t with { Data = Patched(t.Data, index * size, Large(size)) })).ToBytes(),
                        $"'{tensor.Name}'[{index}] huge", mayOverflow: true);

            Resized(tensor, size, parts, probe);
        }
    }

    private static void Resized<T>(EditableModelFile.Tensor tensor, int size, EditableModelFile parts, Probe<T> probe) where T : IModel<T>
    {
        var row = (int)(tensor.Data.Length / tensor.Shape[0]);
        long[] longer = [tensor.Shape[0] + 1, .. tensor.Shape[1..]], shorter = [tensor.Shape[0] - 1, .. tensor.Shape[1..]];
        long[] none = [0, .. tensor.Shape[1..]], wide = [0, .. tensor.Shape[1..], 60_000];
        var flat = tensor.Data.Length / size;
        (string What, EditableModelFile.Tensor Tensor)[] changes =
        [
            ("one row longer", tensor with { Shape = longer, Data = [.. tensor.Data, .. tensor.Data[^row..]] }),
            ("one row shorter", tensor with { Shape = shorter, Data = tensor.Data[..^row] }),
            ("emptied", tensor with { Shape = none, Data = [] }),
            ("emptied and wide", tensor with { Shape = wide, Data = [] }),
            ("turned", tensor with { Shape = [.. tensor.Shape.Reverse()] }),
            ("of one more dimension", tensor with { Shape = [.. tensor.Shape, 1] }),
            ("one long row", tensor with { Shape = [1, flat] }),
            ("one long column", tensor with { Shape = [flat, 1] }),
            ("of bytes", tensor with { Type = "U8", Shape = [tensor.Data.Length] }),
        ];
        foreach (var (what, changed) in changes)
            probe.MustBeSafe(parts.With(file => file.Set(tensor.Name, _ => changed)).ToBytes(), $"'{tensor.Name}' {what}");
    }

    private static IEnumerable<byte[]> Lies(EditableModelFile.Tensor tensor, int index, int size)
    {
        if (Array.IndexOf(Integers, tensor.Type) >= 0)
        {
            var value = new byte[8];
            tensor.Data.AsSpan(index * size, size).CopyTo(value);
            var number = BinaryPrimitives.ReadInt64LittleEndian(value);
            foreach (var lie in new[] { -1, int.MaxValue, int.MinValue, long.MaxValue, 0, number + 1, number - 1 })
            {
                var bytes = new byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(bytes, lie);
                yield return bytes[..size];
            }
        }
        else if (tensor.Type == "U8")
        {
            yield return [0];
            yield return [0xFF];
            yield return [(byte)(tensor.Data[index] + 1)];
        }
        else if (tensor.Type is "F32" or "F64")
        {
            yield return Float(size, double.NaN);
            yield return Float(size, double.NegativeInfinity);
            yield return Float(size, -1);
            yield return Float(size, 0);
        }
    }

    private static byte[] Large(int size) => Float(size, size == 4 ? float.MaxValue : double.MaxValue);

    private static byte[] Float(int size, double value) => size == 4 ? BitConverter.GetBytes((float)value) : BitConverter.GetBytes(value);

    private static byte[] Patched(byte[] data, int position, byte[] bytes)
    {
        var copy = (byte[])data.Clone();
        bytes.CopyTo(copy, position);
        return copy;
    }

    // The ends, and a spread between them.
    private static IEnumerable<int> Sample(int count)
        => count <= 40 ? Enumerable.Range(0, count) : Enumerable.Range(0, 40).Select(i => (int)((long)i * (count - 1) / 39));

    private static void KindsAndVersions<T>(EditableModelFile parts, Probe<T> probe) where T : IModel<T>
    {
        Assert.Contains($"version {T.Version + 1}", probe.MustFail(
            parts.With(file => file.Set("version", (T.Version + 1).ToString(CultureInfo.InvariantCulture))).ToBytes(), "a newer version"),
                StringComparison.Ordinal);
        var message = probe.MustFail(parts.With(file => file.Set("kind", "something-else")).ToBytes(), "another kind");
        Assert.Contains(T.Kind, message, StringComparison.Ordinal);
        Assert.Contains("something-else", message, StringComparison.Ordinal);
    }

    private static void AssertSameBits(float[] expected, float[] actual, string when)
    {
        Assert.True(expected.Length == actual.Length, $"{expected.Length} scores before, {actual.Length} {when}.");
        for (var i = 0; i < expected.Length; i++)
            Assert.True(BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]),
                $"Score {i} was {expected[i]:R} and is {actual[i]:R} {when}.");
    }

    private sealed class Probe<T>(Func<T, float[]> scores, ModelKinds kinds, int fileLength) where T : IModel<T>
    {
        public void MustLoad(byte[] file, float[] expected)
            => AssertSameBits(expected, scores(ModelFile.Load<T>(new MemoryStream(file), kinds)),
                "after the file was taken apart and put together again");

        /// <summary>The file is refused, with the reason as the message.</summary>
        public string MustFail(byte[] file, string what)
        {
            try
            {
                Load(file, what);
            }
            catch (InvalidDataException e)
            {
                return e.Message;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{what}: InvalidDataException expected, but: {e}");
            }
            Assert.Fail($"{what}: the file was accepted.");
            return "";
        }

        public void MustFailNaming(string name, byte[] file)
        {
            // An entry of a nested model may be named from the inside, but always with its last word.
            var message = MustFail(file, $"'{name}' missing or strange");
            Assert.True(message.Contains(name, StringComparison.Ordinal), $"The message does not name '{name}': {message}");
        }

        /// <summary>The file is refused, or gives a model that can be asked anything.</summary>
        public void MustBeSafe(byte[] file, string what, bool mayOverflow = false)
        {
            T model;
            try
            {
                model = Load(file, what);
            }
            catch (InvalidDataException)
            {
                return;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{what}: InvalidDataException or a safe model expected when loading, but: {e}");
                return;
            }
            try
            {
                scores(model);
            }
            catch (ArithmeticException) when (mayOverflow)
            {
                // Scores past the largest float are caught where they arise.
            }
            catch (Exception e)
            {
                Assert.Fail($"{what}: the file was accepted, then scoring failed: {e}");
            }
        }

        private T Load(byte[] file, string what)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var model = default(T);
            try
            {
                model = ModelFile.Load<T>(new MemoryStream(file), kinds);
            }
            finally
            {
                // Objects take more room than their bytes in the file, but a forged count must not decide how much.
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                var most = (64L * fileLength) + (1 << 20);
                if (allocated > most) Assert.Fail($"{what}: loading allocated {allocated:N0} bytes for a file of {fileLength:N0}; at " +
                    $"most {most:N0} are justified.");
            }
            return model;
        }
    }
}

using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Recsys.Tests.Architecture;

/// <summary>The public API of an assembly as sorted text, one line for each type and member, close to C#.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(char)] = "char",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    private static readonly Dictionary<string, string> Operators = new()
    {
        ["op_Addition"] = "+",
        ["op_Subtraction"] = "-",
        ["op_Multiply"] = "*",
        ["op_Division"] = "/",
        ["op_Equality"] = "==",
        ["op_Inequality"] = "!=",
        ["op_LessThan"] = "<",
        ["op_GreaterThan"] = ">",
        ["op_LessThanOrEqual"] = "<=",
        ["op_GreaterThanOrEqual"] = ">=",
        ["op_Implicit"] = "implicit",
        ["op_Explicit"] = "explicit",
    };

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(FullName, StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach (var line in Members(type).Order(StringComparer.Ordinal)) text.Append("    ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Static))
                yield return string.Create(CultureInfo.InvariantCulture, $"{field.Name} = {field.GetRawConstantValue()}");
            yield break;
        }
        if (typeof(Delegate).IsAssignableFrom(type)) yield break;
        foreach (var field in type.GetFields(Declared).Where(f => (f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly) && !IsGenerated(f)))
        {
            var kind = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
            var value = field.IsLiteral ? " = " + Literal(field.GetRawConstantValue(), field.FieldType) : "";
            yield return $"{kind}{Name(field.FieldType, Nullability(field))} {field.Name}{value}";
        }
        foreach (var property in type.GetProperties(Declared))
        {
            MethodInfo[] visible = [.. property.GetAccessors(true).Where(IsVisible)];
            if (visible.Length == 0) continue;
            var accessors = string.Join(" ", visible.Select(a => Accessor(property, a)).Order(StringComparer.Ordinal));
            var start = (property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "") + Modifiers(visible[0]);
            var name = property.GetIndexParameters() is { Length: > 0 } index ? $"this[{Parameters(index)}]" : property.Name;
            yield return $"{start}{Returned(property.PropertyType, Nullability(property))} {name} {{ {accessors} }}";
        }
        foreach (var constructor in type.GetConstructors(Declared).Where(c => IsVisible(c) && !c.IsStatic && !IsGenerated(c)))
            yield return $"{Bare(type)}({Parameters(constructor.GetParameters())})";
        foreach (var method in type.GetMethods(Declared).Where(m => IsVisible(m) && !IsGenerated(m)))
        {
            if (method.IsSpecialName && !Operators.ContainsKey(method.Name)) continue;
            var name = Operators.TryGetValue(method.Name, out var sign) ? "operator " + sign : method.Name;
            var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
            yield return $"{Modifiers(method)}{Returned(method.ReturnType, Nullability(method.ReturnParameter))} {name}{generic}" +
                $"({Parameters(method.GetParameters())}){Constraints(method.IsGenericMethod ? method.GetGenericArguments() : [])}";
        }
    }

    private static string Header(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            var invoke = type.GetMethod("Invoke")!;
            var returned = Returned(invoke.ReturnType, Nullability(invoke.ReturnParameter));
            return $"delegate {returned} {FullName(type)}({Parameters(invoke.GetParameters())})";
        }
        var isRecord = type.GetMethod("PrintMembers", Declared) is not null;
        var kind = type.IsEnum ? "enum"
            : type.IsInterface ? "interface"
            : type.IsValueType ? ValueKind(type, isRecord)
            : ClassKind(type, isRecord);
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        string[] bases = type.IsEnum
            ? [Name(Enum.GetUnderlyingType(type))]
            : [.. type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? [Name(b)] : Array.Empty<string>(),
                .. type.GetInterfaces().Except(inherited).Where(i => i.IsVisible).Select(i => Name(i)).Order(StringComparer.Ordinal)];
        var list = bases.Length == 0 || bases is ["int"] ? "" : " : " + string.Join(", ", bases);
        return $"{kind} {FullName(type)}{list}{Constraints(type.GetGenericArguments())}";
    }

    private static string ValueKind(Type type, bool isRecord)
        => (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (type.IsByRefLike ? "ref " : "")
            + (isRecord ? "record struct" : "struct");

    private static string ClassKind(Type type, bool isRecord)
        => (type.IsSealed ? type.IsAbstract ? "static " : "sealed " : type.IsAbstract ? "abstract " : "") + (isRecord ? "record" : "class");

    private static bool IsGenerated(MemberInfo member)
        => member.IsDefined(typeof(CompilerGeneratedAttribute)) || member.Name.Contains('<', StringComparison.Ordinal);

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Accessor(PropertyInfo property, MethodInfo accessor)
    {
        if (accessor == property.GetMethod) return "get;";
        var init = accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
        return (accessor.IsPublic ? "" : "protected ") + (init ? "init;" : "set;");
    }

    private static string Modifiers(MethodBase method)
    {
        if (method.DeclaringType!.IsInterface) return method.IsStatic ? method.IsAbstract ? "static abstract " : "static " : "";
        var access = method.IsPublic ? "" : "protected ";
        if (method.IsStatic) return access + "static ";
        var isOverride = method is MethodInfo info && info.GetBaseDefinition().DeclaringType != method.DeclaringType;
        if (isOverride) return access + "override ";
        return access + (method.IsAbstract ? "abstract " : method.IsVirtual && !method.IsFinal ? "virtual " : "");
    }

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(p =>
    {
        var isParams = p.IsDefined(typeof(ParamArrayAttribute)) || p.IsDefined(typeof(ParamCollectionAttribute));
        var by = !p.ParameterType.IsByRef ? "" : p.IsOut ? "out " : p.IsIn || p.IsDefined(typeof(IsReadOnlyAttribute)) ? "in " : "ref ";
        var type = p.ParameterType.IsByRef ? p.ParameterType.GetElementType()! : p.ParameterType;
        var extension = p.Position == 0 && p.Member.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        var value = p.HasDefaultValue ? " = " + Literal(p.RawDefaultValue, type) : "";
        return $"{extension}{(isParams ? "params " : "")}{by}{Name(type, Nullability(p))} {p.Name}{value}";
    }));

    private static string Constraints(Type[] arguments) => string.Concat(arguments.Where(a => a.IsGenericParameter).Select(a =>
    {
        var flags = a.GenericParameterAttributes;
        var isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        var isUnmanaged = a.GetCustomAttributesData().Any(d => d.AttributeType.Name == "IsUnmanagedAttribute");
        List<string> parts = [];
        if (isStruct) parts.Add(isUnmanaged ? "unmanaged" : "struct");
        if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint)) parts.Add("class");
        var types = a.GetGenericParameterConstraints().Where(c => c != typeof(ValueType));
        parts.AddRange(types.Select(c => Name(c)).Order(StringComparer.Ordinal));
        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct) parts.Add("new()");
        if (flags.HasFlag(GenericParameterAttributes.AllowByRefLike)) parts.Add("allows ref struct");
        return parts.Count == 0 ? "" : $" where {a.Name} : {string.Join(", ", parts)}";
    }));

    private static string Literal(object? value, Type type) => value switch
    {
        null => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? "default" : "null",
        _ when type.IsEnum => $"{type.Name}.{Enum.ToObject(type, value)}",
        string s => $"\"{s.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)}\"",
        char c => c == '\t' ? "'\\t'" : $"'{c}'",
        bool b => b ? "true" : "false",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static NullabilityInfo? Nullability(object member)
    {
        var context = new NullabilityInfoContext();
        return member switch
        {
            FieldInfo f => context.Create(f),
            PropertyInfo p => context.Create(p),
            // The context doesn't look behind a reference; what stands there is a struct nearly always.
            ParameterInfo p => p.ParameterType.IsByRef ? null : context.Create(p),
            _ => null,
        };
    }

    private static string Returned(Type type, NullabilityInfo? nullability)
        => type.IsByRef ? "ref " + Name(type.GetElementType()!) : Name(type, nullability);

    private static string Name(Type type, NullabilityInfo? nullability = null)
    {
        // A property that is only written has no read state.
        var state = nullability is null ? NullabilityState.Unknown
            : nullability.ReadState == NullabilityState.Unknown ? nullability.WriteState : nullability.ReadState;
        var mark = !type.IsValueType && state == NullabilityState.Nullable ? "?" : "";
        if (Keywords.TryGetValue(type, out var keyword)) return keyword + mark;
        if (Nullable.GetUnderlyingType(type) is { } inner) return Name(inner) + "?";
        if (type.IsArray)
            return $"{Name(type.GetElementType()!, nullability?.ElementType)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        if (type.IsPointer) return Name(type.GetElementType()!) + "*";
        if (!type.IsGenericType) return (type.IsGenericParameter ? type.Name : Bare(type)) + mark;

        var own = nullability?.GenericTypeArguments is { Length: > 0 } found ? found : null;
        string[] arguments = [.. type.GetGenericArguments().Select((a, i) => Name(a, own?.ElementAtOrDefault(i)))];
        return typeof(ITuple).IsAssignableFrom(type) && type.IsValueType
            ? $"({string.Join(", ", arguments)})"
            : $"{Bare(type)}<{string.Join(", ", arguments)}>{mark}";
    }

    // Without namespace and arity; with the outer type of a nested one.
    private static string Bare(Type type)
    {
        var tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        var name = tick < 0 ? type.Name : type.Name[..tick];
        return type.IsNested && !type.IsGenericParameter ? Bare(type.DeclaringType!) + "." + name : name;
    }

    private static string FullName(Type type)
    {
        var generic = type.IsGenericType ? $"<{string.Join(", ", type.GetGenericArguments().Select(a => a.Name))}>" : "";
        return $"{type.Namespace}.{Bare(type)}{generic}";
    }
}

namespace BatchInference.Models.Chat.Jinja;

/// <summary>What stands behind <c>is</c>.</summary>
internal static class JinjaTests
{
    public static Func<object?, IReadOnlyList<object?>, bool>? Find(string name) => name switch
    {
        "defined" => (value, _) => value is not Undefined,
        "undefined" => (value, _) => value is Undefined,
        "none" => (value, _) => value is null,
        "string" => (value, _) => value is string,
        "number" => (value, _) => JinjaValues.IsNumber(value),
        "integer" => (value, _) => value is long,
        "float" => (value, _) => value is double,
        "boolean" => (value, _) => value is bool,
        "true" => (value, _) => value is true,
        "false" => (value, _) => value is false,
        "mapping" => (value, _) => value is JinjaMap,
        "iterable" => (value, _) => value is string or JinjaMap or IReadOnlyList<object?> or Undefined,
        "sequence" => (value, _) => value is string or JinjaMap or IReadOnlyList<object?> or Undefined,
        "callable" => (value, _) => value is JinjaFunction,
        "equalto" or "eq" => (value, others) => JinjaValues.AreEqual(value, others[0]),
        "sameas" => (value, others) => value is null || others[0] is null ? value is null && others[0] is null : value.GetType() == others[0]!.GetType() && JinjaValues.AreEqual(value, others[0]),
        "ne" => (value, others) => !JinjaValues.AreEqual(value, others[0]),
        "lt" or "lessthan" => (value, others) => JinjaValues.Compare(value, others[0]) < 0,
        "le" => (value, others) => JinjaValues.Compare(value, others[0]) <= 0,
        "gt" or "greaterthan" => (value, others) => JinjaValues.Compare(value, others[0]) > 0,
        "ge" => (value, others) => JinjaValues.Compare(value, others[0]) >= 0,
        "in" => (value, others) => JinjaOperators.Contains(others[0], value),
        "even" => (value, _) => JinjaValues.Long(value) % 2 == 0,
        "odd" => (value, _) => JinjaValues.Long(value) % 2 != 0,
        "divisibleby" => (value, others) => JinjaValues.Long(value) % JinjaValues.Long(others[0]) == 0,
        "lower" => (value, _) => JinjaValues.Text(value) is var text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
        "upper" => (value, _) => JinjaValues.Text(value) is var text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
        _ => null,
    };
}

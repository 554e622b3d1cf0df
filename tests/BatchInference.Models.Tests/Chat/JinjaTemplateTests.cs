using System.Text.Json;
using BatchInference.Models.Chat.Jinja;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Chat;

public sealed class JinjaTemplateTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 4, 2, 5, 0, TimeSpan.Zero);

    [Fact]
    public void SmallTemplatesAreRenderedAsJinjaItselfDoes()
    {
        using var goldens = JsonDocument.Parse(File.ReadAllText(Repository.At("tests/BatchInference.Models.Tests/Chat/jinja-goldens.json")));
        var names = ((JinjaMap)Value(goldens.RootElement.GetProperty("names"))!).Keys.Zip(((JinjaMap)Value(goldens.RootElement.GetProperty("names"))!).Values, (key, value) => KeyValuePair.Create((string)key!, value)).ToList();
        var problems = new List<string>();
        foreach (var row in goldens.RootElement.GetProperty("rows").EnumerateArray())
        {
            var template = row.GetProperty("template").GetString()!;
            string? found;
            try
            {
                found = JinjaTemplate.Parse(template).Render(names, Now);
            }
            catch (JinjaException error)
            {
                found = row.TryGetProperty("error", out _) ? null : error.Message;
            }

            if (found != (row.TryGetProperty("text", out var text) ? text.GetString() : null))
                problems.Add($"{template}\n  expected {row}\n  found {found}");
        }

        problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "macros call each other")]
    [InlineData("{% set ns = namespace(a=[]) %}{% for i in range(100000) %}{% set ns.a = [ns.a] %}{% endfor %}{{ ns.a }}", "nests deeper")]
    [InlineData("{{ 'x' * 100000000000 }}", "grows too long")]
    [InlineData("{{ 'ab' * (9223372036854775807 // 2 + 2147483647) }}", "grows too long")]
    [InlineData("{{ range(100000)|join('x' * 1000000) }}", "grows too long")]
    [InlineData("{{ ('x' * 1000000).join(range(100000)) }}", "grows too long")]
    [InlineData("{{ ('\\n' * 1000000)|indent(1000, blank=true) }}", "grows too long")]
    [InlineData("{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(64) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "grows too long")]
    [InlineData("{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "grows too long")]
    [InlineData("{% set ns = namespace(l=[1, 2, 3, 4]) %}{% for i in range(64) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "a list grows too long")]
    [InlineData("{{ 1 is eq }}", "cannot be done")]
    [InlineData("{{ [1]|select('eq')|list }}", "cannot be done")]
    [InlineData("{{ 1 is divisibleby(0) }}", "cannot be done")]
    [InlineData("{{ 1.5|round(20) }}", "cannot be done")]
    [InlineData("{{ [1, 'a']|sort }}", "'<' not supported")]
    [InlineData("{{ 'a'.ljust(3, '') }}", "cannot be done")]
    [InlineData("{{ (-9223372036854775807 - 1)|abs }}", "cannot be done")]
    [InlineData("{% include 'x' %}", "a tag that is built")]
    [InlineData("{{ x|random }}", "no filter named 'random'")]
    [InlineData("{% if x %}", "`elif`")]
    [InlineData("{{ 'a }}", "a string that does not end")]
    [InlineData("{{ a b }}", "the end of the tag")]
    [InlineData("{% endif %}", "a tag that is built")]
    public void WhatIsWrongOrTakesTooMuchIsAnErrorThatSaysWhy(string template, string message) =>
        Should.Throw<JinjaException>(() => JinjaTemplate.Parse(template).Render([], Now)).Message.ShouldContain(message);

    [Fact]
    public void AMapWithKeysOfAnyKindIsCopied() => JinjaTemplate.Parse("{{ {1: 'a', 'b': 2}.copy() }}").Render([], Now).ShouldBe("{1: 'a', 'b': 2}");

    [Fact]
    public void LongChainsAreRefusedBeforeTheStackEnds() =>
        Should.Throw<JinjaException>(() => JinjaTemplate.Parse("{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 20_000)) + " }}").Render([], Now)).Message.ShouldContain("at most 2000 operators");

    [Fact]
    public void DeepNestingIsRefusedBeforeTheStackEnds() =>
        Should.Throw<JinjaException>(() => JinjaTemplate.Parse("{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}"));

    [Fact]
    public void TheTimeIsTheOneThatIsGiven() =>
        JinjaTemplate.Parse("{{ strftime_now('%d %b %Y %-d %H:%M %B %A %j %y') }}").Render([], Now).ShouldBe("04 Nov 2026 4 02:05 November Wednesday 308 26");

    private static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new JinjaMap(element.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, Value(property.Value)))),
        JsonValueKind.Array => element.EnumerateArray().Select(Value).ToList(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.GetRawText().Contains('.') ? element.GetDouble() : (object)element.GetInt64(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };
}

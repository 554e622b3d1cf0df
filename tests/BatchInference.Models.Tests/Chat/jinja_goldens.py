"""Writes jinja-goldens.json: what Jinja 3, set up as transformers 4.57 does, makes of small templates.

    python3 jinja_goldens.py        (Debian: python3-jinja2)
"""
import json
import pathlib

from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NAMES = {
    "messages": [{"role": "system", "content": " Sois bref. "}, {"role": "user", "content": "Été 🎉 \"x\" & <b>"}, {"role": "assistant", "content": "<think>a</think>\n\nb"}],
    "text": "  Bonjour à tous\n", "words": ["un", "deux", "trois", "Quatre"], "numbers": [3, 1, 2], "nothing": None, "yes": True, "half": 2.5,
    "tool": {"name": "f", "arguments": {"q": "é", "n": 1, "l": [1, 2.0, None, True]}}, "empty": [], "add_generation_prompt": True, "bos_token": "<s>",
}
TEMPLATES = [
    "{{ text }}|{{ text|trim }}|", "a\n{% if yes %}\nb\n{% endif %}\nc", "a\n  {% if yes %}\n  b\n  {% endif %}\nc\n", "a  {%- if yes -%}  b  {%- endif -%}  c", "a {%+ if yes +%}\n b{% endif %}",
    "x\n   {# c #}\ny\n   {#- c -#}\n z", "{{ 1 -}}   \n 2 {{- 3 }}", "  {{ 1 }}\n", "{% raw %}{{ x }}{% endraw %}!", "{{ 'a\\n\\t\\'\\u00e9\\x41\\q' }}", "{{ \"a\" 'b' }}",
    "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ m.role }}{{ m['content']|trim }};{% endfor %}",
    "{% for w in words if w|length > 2 %}{{ loop.index }}{{ w }}{{ loop.nextitem|default('-') }}{{ loop.previtem|default('+') }}{% else %}none{% endfor %}", "{% for w in empty %}x{% else %}none{% endfor %}",
    "{% for a, b in tool.arguments.items() %}{{ a }}={{ b }},{% endfor %}", "{% for w in words %}{% if w == 'deux' %}{% continue %}{% endif %}{% if w == 'Quatre' %}{% break %}{% endif %}{{ w }}{% endfor %}",
    "{% set x = 1 %}{% for w in words %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", "{% set ns = namespace(n=0, s='') %}{% for w in words %}{% set ns.n = ns.n + 1 %}{% set ns.s = ns.s ~ w %}{% endfor %}{{ ns.n }}{{ ns.s }}",
    "{% set ns = namespace(a=none) %}{{ ns.a }}{{ ns.a is none }}{{ ns.b is defined }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}{{ (a, b) }}", "{% set x %}a{{ 1 }}b{% endset %}{{ x|upper }}", "{% set x | upper %}abc{% endset %}{{ x }}",
    "{% macro m(a, b=2, c='z') %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, c='y') }}{{ m(b=3, a=0) }}{{ m() }}", "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}",
    "{{ 1 + 2 * 3 - 4 / 2 }}|{{ 7 // 2 }}|{{ -7 // 2 }}|{{ -7 % 3 }}|{{ 2 ** 3 }}|{{ 7.5 // 2 }}|{{ 1 / 2 }}|{{ 3 * 'ab' }}|{{ 4 / 2 }}", "{{ 1 ~ 'a' ~ none ~ true ~ 2.0 }}", "{{ -numbers[0] + 1 }}|{{ - 2 ** 2 }}|{{ 2 ** 3 ** 2 }}",
    "{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ 'a' in 'abc' }}{{ 'z' not in words }}{{ 'un' in words }}{{ 'name' in tool }}{{ 1 == 1.0 }}{{ 1 == true }}{{ '1' == 1 }}", "{{ not yes or nothing is none and 1 }}{{ nothing or 'x' }}{{ 0 and 1 }}",
    "{{ 'a' if yes else 'b' }}{{ 'a' if nothing }}{{ ('a' if nothing else 'b') ~ 'c' }}", "{{ missing }}{{ missing is defined }}{{ missing|default('d') }}{{ missing is none }}{% if missing %}x{% endif %}{{ nothing|default('e') }}{{ ''|default('f', true) }}",
    "{{ missing.x }}", "{{ tool.missing }}{{ tool.missing is defined }}{{ tool['missing'] is defined }}", "{{ tool.missing.x }}", "{{ missing + 'a' }}", "{{ missing() }}", "{{ 'a' + 1 }}", "{{ raise_exception('Non : ' + words[0]) }}",
    "{{ messages[0].role }}{{ messages[-1]['role'] }}{{ messages[9] is defined }}{{ words[1:] }}{{ words[:-1] }}{{ words[::-1] }}{{ words[1:3] }}{{ words[::2] }}{{ 'Été 🎉!'[::-1] }}{{ 'Été 🎉!'[4] }}{{ 'Été 🎉!'|length }}{{ words[5:] }}{{ words[-2:-9:-1] }}",
    "{{ text.strip() }}|{{ text.lstrip() }}|{{ text.rstrip('\\n') }}|{{ 'xxaxx'.strip('x') }}|{{ 'a,b,,c'.split(',') }}|{{ ' a  b '.split() }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a,b,c'.rsplit(',', 1) }}|{{ 'a</think>b'.split('</think>')[-1] }}",
    "{{ 'abc'.startswith('a') }}{{ 'abc'.endswith(('x', 'c')) }}{{ 'abcabc'.replace('b', 'X', 1) }}{{ 'abc'.upper() }}{{ 'éa b'.title() }}{{ 'ABC d'.capitalize() }}{{ '-'.join(words) }}{{ 'abc'.find('c') }}{{ 'abc'.find('z') }}{{ 'aXbXc'.count('X') }}{{ 'a-b'.partition('-') }}{{ '12'.isdigit() }}{{ '7'.zfill(3) }}{{ 'a'.ljust(3) }}|{{ 'prefix'.removeprefix('pre') }}{{ 'a\\nb\\n'.splitlines() }}",
    "{{ tool.get('name') }}{{ tool.get('x', 'd') }}{{ tool.keys()|list }}{{ tool.values()|list|length }}{{ tool|items|list|length }}{{ tool.items()|list|first|first }}",
    "{{ tool|tojson }}", "{{ tool|tojson(indent=2) }}", "{{ messages|tojson }}", "{{ 'é\\n\\\"<&>'|tojson }}{{ empty|tojson }}{{ {}|tojson(indent=4) }}", "{{ [1, 'a', none, true, 2.5, {'k': [1]}] }}{{ \"it's\" }}{{ [\"it's\", 'a\\nb\\\\'] }}",
    "{{ words|join(', ') }}{{ messages|join('/', attribute='role') }}{{ words|first }}{{ words|last }}{{ words|reverse|list }}{{ numbers|sort }}{{ words|sort }}{{ words|sort(reverse=true) }}{{ numbers|sum }}{{ numbers|max }}{{ numbers|min }}{{ [1,1,2]|unique|list }}",
    "{{ messages|selectattr('role', 'equalto', 'user')|list|length }}{{ messages|rejectattr('role', 'in', ['user', 'system'])|map(attribute='role')|list }}{{ words|map('upper')|join }}{{ numbers|select('odd')|list }}{{ numbers|reject('gt', 2)|list }}{{ [0, 1, '']|select|list }}{{ messages|selectattr('content')|list|length }}",
    "{{ '3'|int + 1 }}{{ 'x'|int }}{{ 'x'|int(7) }}{{ '2.5'|float }}{{ 2.567|round(2) }}{{ 2.5|int }}{{ 3|string ~ 'a' }}{{ -3|abs }}{{ 'a b'|title }}{{ 'a<b'|e }}{{ 'A'|lower }}{{ 'abc'|replace('b', 'x') }}{{ 'a\\nb\\n\\nc'|indent }}{{ 'a\\nb'|indent(2, true) }}{{ 'a b  c'|wordcount }}{{ 'abc'|list }}{{ 'x'|safe }}",
    "{{ 1 is number }}{{ 'a' is string }}{{ words is iterable }}{{ words is mapping }}{{ tool is mapping }}{{ words is sequence }}{{ yes is true }}{{ yes is boolean }}{{ half is float }}{{ 1 is integer }}{{ true is integer }}{{ 2 is even }}{{ 3 is divisibleby 3 }}{{ 1 is eq 1 }}{{ 'a' is in ['a'] }}{{ nothing is not none }}{{ nothing is sameas none }}{{ 'a' is lower }}{{ raise_exception is callable }}{{ 3 is gt(2) }}",
    "{{ range(3)|list }}{{ range(5, 1, -2)|list }}{% for i in range(2, 4) %}{{ i }}{% endfor %}{{ dict(a=1, b='x') }}", "{% for i in range(3) %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% if text is string and not words is string %}ok{% elif yes %}no{% else %}never{% endif %}", "{% generation %}x{% endgeneration %}", "{{ '<|im_start|>' + messages[1].role + '\n' + messages[1].content | trim + '<|im_end|>' }}",
    "{%- for m in messages %}\n    {%- if m.role == 'user' %}\n        {{- '[U] ' + m.content }}\n    {%- else %}\n        {{- m.content }}\n    {%- endif %}\n{%- endfor %}\n", "{{ words.append('x') }}", "{{ tool.update({'a': 1}) }}", "{{ text.__class__ }}", "{{ 5 % 0 }}", "{{ none.x is defined }}{{ nothing['a'] is defined }}",
    "{{ words|length > 3 and words[0] == 'un' }}{{ (words|length - 1) * 2 }}{{ not(words[0].startswith('u') and yes) }}", "{% for m in messages[::-1] %}{% set index = (messages|length - 1) - loop.index0 %}{{ index }}{{ m.role[0] }}{% endfor %}", "{% for m in messages %}{% for w in words[:2] %}{{ loop.index }}{{ loop.depth }}{% endfor %}{{ loop.index }}{{ loop.depth }}{% endfor %}",
    "{% set m = messages[1:] %}{% if m[0]['role'] == 'user' %}{% set m = m[1:] %}{% endif %}{{ m|length }}{% if nothing is not defined %}a{% endif %}{{ 'x' ~ (1 if yes) ~ [] ~ {} }}", "{{ {'a': 1, 'b': {'c': [1, 2]}}['b'].c[1] }}{{ (1, 2)[0] }}{{ 'abc'[-1] }}{{ 1_000 }}{{ 1.0 }}{{ 1e3 }}", "{{ bos_token }}{%- if add_generation_prompt -%}  <a>  {%- endif -%}  \n", "{% if a is defined %}{{ a }}{% else %}{{- ' n ' -}}{% endif %} z",
]


class Marks(Extension):
    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(["name:endgeneration"], drop_needle=True)


def raise_exception(message):
    raise TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Marks, loopcontrols])
env.filters["tojson"] = tojson
env.globals["raise_exception"] = raise_exception
rows = []
for template in TEMPLATES:
    try:
        rows.append({"template": template, "text": env.from_string(template).render(**NAMES)})
    except Exception as error:
        rows.append({"template": template, "error": type(error).__name__})
lines = ",\n".join(json.dumps(row) for row in rows)
pathlib.Path(__file__).with_name("jinja-goldens.json").write_text('{"names": %s,\n"rows": [\n%s\n]}\n' % (json.dumps(NAMES), lines), encoding="utf-8")

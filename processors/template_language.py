"""The language of tenants' templates: what of Jinja2 they may use; all else is refused when settings are saved.

No calls, macros, imports, blocks or assignments, and no filter that makes texts grow. A template can neither reach into
Python nor take longer than its size and its data explain.
"""

from collections.abc import Mapping

from jinja2 import nodes

MOST_NODES = 4_000
DEEPEST_NODE = 40
DEEPEST_LOOP = 3
LONGEST_ARGUMENT = 100
LARGEST_ARGUMENT = 10_000
LARGEST_NUMBER = 10**15
"""The size of a template's syntax tree, loops in loops, and what may be written out: for filters, and anywhere."""

FILTERS: Mapping[str, tuple[str, ...]] = {
    "abs": (),
    "capitalize": (),
    "clock": (),
    "count": (),
    "d": ("default_value", "boolean"),
    "date": (),
    "default": ("default_value", "boolean"),
    "e": (),
    "escape": (),
    "first": (),
    "float": ("default",),
    "int": ("default",),
    "items": (),
    "join": ("d", "attribute"),
    "json": (),
    "last": (),
    "length": (),
    "list": (),
    "lower": (),
    "max": ("case_sensitive", "attribute"),
    "min": ("case_sensitive", "attribute"),
    "reverse": (),
    "round": ("precision",),
    "sort": ("reverse", "case_sensitive", "attribute"),
    "string": (),
    "sum": ("attribute", "start"),
    "title": (),
    "trim": (),
    "truncate": ("length", "killwords", "end", "leeway"),
    "unique": ("case_sensitive", "attribute"),
    "upper": (),
    "urlencode": (),
    "wordcount": (),
}
"""Filter → the arguments it may be given, in order; all but those of `default` are written out."""
TESTS = frozenset({
    *("defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number", "string"),
    *("mapping", "sequence", "even", "odd", "divisibleby", "eq", "equalto", "ne", "lt", "lessthan", "le"),
    *("gt", "greaterthan", "ge", "in", "==", "!=", "<", "<=", ">", ">=", "given"),
})  # fmt: skip
LOOP = frozenset({"index", "index0", "revindex", "first", "last", "length"})
LISTS = frozenset({"sort", "reverse", "unique", "items", "list", "default", "d"})
RESERVED = frozenset({"self", "super", "caller", "varargs", "kwargs", "loop"})
PLAIN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Pos,
    nodes.Operand,
)
REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Call: "nothing can be called",
    nodes.Pow: "** is not allowed",
    nodes.Concat: "~ is not allowed: write the values side by side",
    nodes.Slice: "slices are not allowed: use truncate, first or last",
    nodes.Dict: "maps cannot be written",
    nodes.Assign: "set is not allowed",
    nodes.AssignBlock: "set is not allowed",
    nodes.Macro: "macros are not allowed",
    nodes.CallBlock: "nothing can be called",
    nodes.Block: "blocks are not allowed",
    nodes.Extends: "extends is not allowed",
    nodes.Include: "include is not allowed",
    nodes.Import: "import is not allowed",
    nodes.FromImport: "import is not allowed",
    nodes.FilterBlock: "filter blocks are not allowed: use the filter on a value",
    nodes.With: "with is not allowed",
    nodes.ScopedEvalContextModifier: "autoescape cannot be changed",
}

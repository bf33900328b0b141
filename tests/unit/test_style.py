"""The size limits of the style: a module or a function that does not fit misses a concept."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "processors", "streams", "gateways", "tidings", "deploy", "console")
LONGEST_MODULE_LINES = 300
LONGEST_FUNCTION_LINES = 40

MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def long_functions(source: str) -> list[str]:
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    lengths = ((node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions)
    return [f"{name} has {lines} lines" for name, lines in lengths if lines > LONGEST_FUNCTION_LINES]


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_holds_one_concept_in_few_lines(path: Path) -> None:
    lines = path.read_text().count("\n")
    assert lines <= LONGEST_MODULE_LINES, f"{named(path)} has {lines} lines (limit {LONGEST_MODULE_LINES})"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    assert long_functions(path.read_text()) == [], f"limit {LONGEST_FUNCTION_LINES} lines"


def test_a_long_function_is_noticed_inside_a_class() -> None:
    body = "\n".join("        pass" for _ in range(LONGEST_FUNCTION_LINES))
    assert long_functions(f"class Sent:\n    def twice(self):\n{body}\n") == ["twice has 41 lines"]

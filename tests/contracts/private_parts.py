"""Which private parts of Faust, mode, aiokafka and rocksdict the engine uses, read from its source."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

STREAMS = Path(__file__).parents[2] / "streams"


def used() -> dict[str, set[str]]:
    """Private names that no class or module of `streams` defines → the modules that use them."""
    trees = {path.stem: ast.parse(path.read_text()) for path in sorted(STREAMS.glob("*.py"))}
    own = {name for tree in trees.values() for name in _defined(tree)}
    found: dict[str, set[str]] = {}
    for module, tree in trees.items():
        for name in _mentioned(tree):
            if name not in own:
                found.setdefault(name, set()).add(module)
    return found


def overridden() -> dict[str, set[str]]:
    """Private methods that classes of `streams` have and that a foreign class above them has, too → their classes."""
    found: dict[str, set[str]] = {}
    for path in sorted(STREAMS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                for name in _foreign(path.stem, node):
                    found.setdefault(name, set()).add(f"{path.stem}.{node.name}")
    return found


def _foreign(module: str, node: ast.ClassDef) -> Iterator[str]:
    made = getattr(import_module(f"streams.{module}"), node.name)
    above = [base for base in made.__mro__[1:] if not base.__module__.startswith("streams.")]
    for each in node.body:
        name = getattr(each, "name", "")
        if _is_private(name) and any(name in vars(base) for base in above):
            yield name


def _defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                yield node.attr
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _mentioned(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            yield node.attr


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")

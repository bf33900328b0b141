"""Records that are made quickly, by name like any other: each is filled as its twin (`schemas.twin`)."""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from functools import update_wrapper
from typing import Any, TypeVar

from schemas.twin import open_twin

R = TypeVar("R")

_TURN: Callable[[object, type], None] = object.__dict__["__class__"].__set__


def made_quickly(record: type[R]) -> type[R]:
    """Give a frozen, slotted, keyword-only dataclass a quicker `__init__`; below three fields it gains nothing."""
    names: dict[str, Any] = {"_turn": _TURN, "_Open": open_twin(record), "_Record": record, "_absent": MISSING}
    source = "\n".join(_lines(record, names))
    exec(compile(source, f"<making of {record.__name__}>", "exec"), names)  # our own text, of our own fields
    made = update_wrapper(names["__init__"], record.__init__)
    record.__init__ = made  # type: ignore[method-assign]  # nobody has made one yet
    return record


def _lines(record: Any, names: dict[str, Any]) -> Iterator[str]:
    parameters, fresh = [], []
    for field in fields(record):
        name = field.name
        if field.default is not MISSING:
            names[f"_default_{name}"] = field.default
            parameters.append(f"{name}=_default_{name}")
        elif field.default_factory is not MISSING:
            names[f"_new_{name}"] = field.default_factory
            parameters.append(f"{name}=_absent")
            fresh.append(f"    if {name} is _absent: {name} = _new_{name}()")
        else:
            parameters.append(name)
    yield f"def __init__(self, *, {', '.join(parameters)}):"
    yield from fresh
    yield "    _turn(self, _Open)"
    yield from (f"    self.{field.name} = {field.name}" for field in fields(record))
    yield "    self.__class__ = _Record"

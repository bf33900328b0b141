"""Records that are made quickly, by name like any other: each is filled as its twin (`schemas.twin`)."""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from functools import update_wrapper
from typing import Any, ParamSpec, TypeVar

from schemas.twin import open_twin

P = ParamSpec("P")
R = TypeVar("R")

_TURN: Callable[[object, type], None] = object.__dict__["__class__"].__set__


def made_quickly(record: type[R]) -> type[R]:
    """Give a frozen, slotted, keyword-only dataclass a quicker `__init__`; below three fields it gains nothing."""
    names: dict[str, Any] = {"_turn": _TURN, "_Open": open_twin(record), "_Record": record, "_absent": MISSING}
    source = "\n".join(
        [
            f"def __init__(self, *, {_parameters(record, names)}):",
            *_fresh(record),
            "    _turn(self, _Open)",
            *_filled("self", record),
        ]
    )
    made = update_wrapper(_compiled(source, "__init__", record, names), record.__init__)
    record.__init__ = made  # type: ignore[method-assign]  # nobody has made one yet
    return record


def maker(record: Callable[P, R]) -> Callable[P, R]:
    """What makes such a dataclass, by name, in a half to a quarter of the time that calling the class takes.

    To call a class with keywords Python packs them into a dict; it does not to call a function, unless there are more
    than fifteen. Of more than those it is the twin that should be filled.
    """
    names: dict[str, Any] = {"_Open": open_twin(record), "_Record": record, "_absent": MISSING}  # type: ignore[arg-type]  # a class
    source = "\n".join(
        [
            f"def make(*, {_parameters(record, names)}):",
            *_fresh(record),
            "    _made = _Open()",
            *_filled("_made", record),
            "    return _made",
        ]
    )
    made: Callable[P, R] = _compiled(source, "make", record, names)
    return made


def _compiled(source: str, name: str, record: Any, names: dict[str, Any]) -> Any:
    exec(compile(source, f"<making of {record.__name__}>", "exec"), names)  # our own text, of our own fields
    return names[name]


def _parameters(record: Any, names: dict[str, Any]) -> str:
    """The fields as parameters; `names` gets what they refer to."""
    parameters = []
    for field in fields(record):
        if field.default is not MISSING:
            names[f"_default_{field.name}"] = field.default
            parameters.append(f"{field.name}=_default_{field.name}")
        elif field.default_factory is not MISSING:
            names[f"_new_{field.name}"] = field.default_factory
            parameters.append(f"{field.name}=_absent")
        else:
            parameters.append(field.name)
    return ", ".join(parameters)


def _fresh(record: Any) -> Iterator[str]:
    for field in fields(record):
        if field.default_factory is not MISSING:
            yield f"    if {field.name} is _absent: {field.name} = _new_{field.name}()"


def _filled(made: str, record: Any) -> Iterator[str]:
    yield from (f"    {made}.{field.name} = {field.name}" for field in fields(record))
    yield f"    {made}.__class__ = _Record"

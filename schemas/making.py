"""Records that are made quickly: dataclasses as they are written and read, msgspec's structs as C makes them.

Making a frozen dataclass takes 0.15 µs a field, and of those of a dozen fields several are made for every event. As a
struct one takes a third of that or less, and its copy a seventh.
"""

from dataclasses import MISSING, fields
from typing import Any, TypeVar

import msgspec
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

R = TypeVar("R")

_MADE_BY_DATACLASS = frozenset(
    {
        *("__dict__", "__weakref__", "__slots__", "__annotations__", "__match_args__", "__getstate__", "__setstate__"),
        *("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"),
        *("__dataclass_fields__", "__dataclass_params__"),
    }
)


def made_quickly(record: type[R]) -> type[R]:
    """A frozen, slotted, keyword-only dataclass as a struct of the same name, fields and methods.

    To `dataclasses`, pydantic and whoever asks for type hints it is the dataclass still.
    """
    if hasattr(record, "__post_init__") or record.__bases__ != (object,):
        raise TypeError(
            f"{record.__name__} checks itself when it is made, or is made of another, which a struct is not"
        )
    dataclass: Any = record
    own = {field.name for field in fields(dataclass)} | _MADE_BY_DATACLASS
    methods = {name: value for name, value in vars(record).items() if name not in own}
    parsed = classmethod(lambda _, __, handler: _schema(made, dataclass, handler))
    made: Any = msgspec.defstruct(
        record.__name__,
        [(field.name, field.type, _default(field)) for field in fields(dataclass)],
        namespace={**methods, "__get_pydantic_core_schema__": parsed},
        module=record.__module__,
        frozen=True,
        kw_only=True,
    )
    for name in ("__dataclass_fields__", "__dataclass_params__", "__annotations__", "__qualname__"):
        type.__setattr__(made, name, getattr(record, name))
    return made  # type: ignore[no-any-return]  # a class with all that the other has


def is_struct(record: type) -> bool:
    """Whether this record class was made so."""
    return issubclass(record, msgspec.Struct)


def _default(field: Any) -> Any:
    if field.default is not MISSING:
        return field.default
    return (
        msgspec.NODEFAULT if field.default_factory is MISSING else msgspec.field(default_factory=field.default_factory)
    )


def _schema(made: Any, dataclass: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Pydantic fills dataclasses; what it has checked becomes the struct."""
    names = [field.name for field in fields(dataclass)]

    def turned(checked: object) -> Any:
        return made(**{name: getattr(checked, name) for name in names})

    return no_info_after_validator_function(turned, handler.generate_schema(dataclass))

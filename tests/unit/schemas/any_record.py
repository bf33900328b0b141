"""Any record of any class, for hypothesis."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from schemas.shapes import Form, Shape, shapes_of

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT.filter(lambda text: "\0" not in text),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT.filter(lambda text: "\0" not in text), inner, max_size=3)
    ),
    max_leaves=8,
)
INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive
FORMS: dict[Form, st.SearchStrategy[Any]] = {
    Form.TEXT: TEXT,
    Form.BOOLEAN: st.booleans(),
    Form.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Form.FLOAT: st.floats(allow_nan=False),
    Form.BYTES: st.binary(max_size=20),
    Form.INSTANT: INSTANTS,
    Form.DECIMAL: st.decimals(-(10**12), 10**12, allow_nan=False, places=4),
    Form.JSON: st.dictionaries(TEXT.filter(lambda text: "\0" not in text), JSON_VALUES, max_size=3),
}


def any_record(record: type) -> st.SearchStrategy[Any]:
    """Any record of a class, made from the shapes of its fields."""
    return st.builds(record, **{field.name: any_value(field.shape) for field in shapes_of(record)})


def any_value(shape: Shape) -> st.SearchStrategy[Any]:
    if shape.form is Form.RECORD and shape.record is not None:
        found = any_record(shape.record)
    elif shape.form is Form.LIST and shape.item is not None:
        found = st.lists(any_value(shape.item), max_size=3).map(tuple)
    elif shape.form is Form.MAP and shape.item is not None:
        found = st.dictionaries(TEXT, any_value(shape.item), max_size=3)
    elif shape.words is not None:
        found = st.sampled_from(sorted(shape.words.values()))
    else:
        found = FORMS[shape.form]
    return st.none() | found if shape.nullable else found

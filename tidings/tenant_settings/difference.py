"""What two settings documents differ in, and the merge patch that makes one of the other."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

_ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that differs; None where there is none. Members of a list that have ids stand under their ids."""

    path: str
    before: object = None
    after: object = None

    @property
    def what(self) -> str:
        """`added`, `removed` or `changed`."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Change, ...]:
    """Every value that differs, in the order of the documents; a section that is new or gone is one change a value."""
    return tuple(_between("", before, after))


def patch_between(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """The merge patch (RFC 7396) that makes `after` of `before`; neither holds None."""
    patch: dict[str, object] = {key: None for key in before if key not in after}
    for key, value in after.items():
        known = before.get(key, _ABSENT)
        if known is _ABSENT or isinstance(known, Mapping) != isinstance(value, Mapping):
            patch[key] = value
        elif isinstance(value, Mapping) and isinstance(known, Mapping):
            inner = patch_between(known, value)
            if inner:
                patch[key] = inner
        elif known != value:
            patch[key] = value
    return patch


def _between(path: str, before: object, after: object) -> Iterator[Change]:
    if before == after:
        return
    old = {} if before is None else _members(before)
    new = {} if after is None else _members(after)
    if old is None or new is None:
        yield Change(path=path, before=before, after=after)
        return
    found = [
        change
        for key in dict.fromkeys((*old, *new))
        for change in _between(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    ]
    if isinstance(before, list) and isinstance(after, list) and _kept(old, new) != _kept(new, old):
        # Of an exclusive group the first rule is sent, so the order of a list counts.
        found.append(Change(path=f"{path} (order)", before=list(old), after=list(new)))
    yield from found or [Change(path=path, before=before, after=after)]


def _kept(some: Iterable[str], others: Container[str]) -> list[str]:
    return [key for key in some if key in others]


def _members(value: object) -> Mapping[str, object] | None:
    """The parts that a value is compared by: keys, or ids where every member of a list has its own."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value:
        ids = [member.get("id") if isinstance(member, Mapping) else None for member in value]
        if all(isinstance(each, str) for each in ids) and len(set(ids)) == len(ids):
            return {str(each): member for each, member in zip(ids, value, strict=True)}
    return None

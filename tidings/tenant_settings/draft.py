"""A draft: settings in a file, or only rules, that are not in force yet, with the line of whatever is wrong in it.

It is read in three forms: as `tidings settings show --yaml` writes it, as the settings alone, or as the list of rules.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from processors.settings import parse, parse_part
from schemas.faults import Fault, Refused
from schemas.merge_patch import merge_patch
from schemas.settings import Settings
from tidings.tenant_settings.settings_file import read_settings_file, without_nothing
from tidings.yaml_text import read_yaml

_AROUND = frozenset({"tenant", "version", "settings"})
"""The keys of a file that says whose settings it holds; one of them is enough to know it by."""
LARGEST_BYTES = 8 * 1024 * 1024
_LINE = re.compile(r"line ([0-9]+)(?:: (.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFault:
    """One thing that is wrong; `line` counts from 1, None where nobody knows."""

    line: int | None
    fault: Fault


class BadDraft(Refused):
    """A file that is no valid settings; `placed` are its faults in the order of their lines."""

    def __init__(self, placed: tuple[PlacedFault, ...]) -> None:
        super().__init__(*(each.fault for each in placed))
        self.placed = placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a file says: a map of settings; and whose they are, and from which version, where it says so.

    `is_rules` when the file is nothing but the list of rules; then it changes these alone.
    """

    document: Mapping[str, object]
    text: str
    tenant: str | None = None
    version: int | None = None
    is_rules: bool = False

    def over(self, document: Mapping[str, object]) -> Mapping[str, object]:
        """The settings that the file is a change of, changed as `settings.changed` would (RFC 7396)."""
        merged: Mapping[str, object] = merge_patch(document, self.document)
        return merged

    def checked(self, document: Mapping[str, object] | None = None) -> Settings:
        """The settings in the file, or in `document`, made with it; raises BadDraft with every fault and its line."""
        try:
            if document is None and self.is_rules:
                return parse_part(self.document)
            return parse(self.over({}) if document is None else document)
        except Refused as refused:
            outside = "settings." if self.tenant is not None else ""
            inside = "rules." if self.is_rules else ""
            raise BadDraft(_placed(refused.faults, self.text, outside, inside)) from None


def read_draft(path: Path) -> Draft:
    """The file; raises BadDraft when it cannot be read, is no YAML or JSON, or is neither a map nor a list."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise Refused(Fault(path="", reason=f"is over {LARGEST_BYTES:,} bytes"))
        text = content.decode("utf-8-sig")
        plain = read_yaml(text)
    except OSError as error:
        raise _bad(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise _bad(f"is not UTF-8: byte {error.object[error.start]:#04x} at {error.start}") from None
    except Refused as refused:
        raise BadDraft(tuple(_of_yaml(fault) for fault in refused.faults)) from None
    if isinstance(plain, list):
        return Draft(document={"rules": plain}, is_rules=True, text=text)
    if not isinstance(plain, dict):
        raise _bad("is neither a map of settings nor a list of rules")
    if not _AROUND & plain.keys():
        return Draft(document=plain, text=text)
    try:
        written = read_settings_file(text)
    except Refused as refused:
        inside = _placed(_faults_inside(plain.get("settings")), text, "settings.")
        raise BadDraft(_in_order((*_placed(refused.faults, text, ""), *inside))) from None
    return Draft(document=written.settings, tenant=written.tenant, version=written.version, text=text)


def _placed(faults: tuple[Fault, ...], text: str, outside: str, inside: str = "") -> tuple[PlacedFault, ...]:
    """The faults with their lines; the file has `outside` before their paths, and lacks `inside` of them."""
    root = YAML(typ="safe", pure=True).compose(StringIO(text))
    found = [
        PlacedFault(line=_line(root, outside + fault.path.removeprefix(inside), fault.reason), fault=fault)
        for fault in faults
    ]
    return _in_order(found)


def _in_order(found: Iterable[PlacedFault]) -> tuple[PlacedFault, ...]:
    return tuple(sorted(found, key=lambda each: each.line or 0))


def _faults_inside(settings: object) -> tuple[Fault, ...]:
    """What is wrong with the settings of a file whose own keys are wrong."""
    try:
        if isinstance(settings, dict):
            parse(without_nothing(settings))
    except Refused as refused:
        return refused.faults
    return ()


def _line(root: Node | None, path: str, reason: str) -> int | None:
    """The line of the deepest thing on the path that is there; within a template, the line that the reason names."""
    if root is None:
        return None
    line: int = root.start_mark.line + 1
    node, rest = root, path
    while rest:
        step = _step(node, rest)
        if step is None:
            break
        line, node, rest = step
    within = _LINE.match(reason)
    if within is None or not isinstance(node, ScalarNode) or rest:
        return line
    # The words of a block begin on the line after its `|`; those of a quoted or plain scalar on its own.
    start: int = node.start_mark.line
    return start + int(within[1]) + (1 if node.style in ("|", ">") else 0)


def _step(node: Node, path: str) -> tuple[int, Node, str] | None:
    """One step down the path: the line of the key or item, what stands there, and the rest of the path."""
    if isinstance(node, SequenceNode):
        number, _, rest = path.partition(".")
        if number.isascii() and number.isdigit() and int(number) < len(node.value):
            item = node.value[int(number)]
            return item.start_mark.line + 1, item, rest
    elif isinstance(node, MappingNode):
        # Keys may have dots in them: the longest that fits is meant.
        fitting = [pair for pair in node.value if path == pair[0].value or path.startswith(f"{pair[0].value}.")]
        if fitting:
            key, value = max(fitting, key=lambda pair: len(pair[0].value))
            return key.start_mark.line + 1, value, path[len(key.value) + 1 :]
    return None


def _of_yaml(fault: Fault) -> PlacedFault:
    """What is wrong with the YAML has its line for a path."""
    found = _LINE.fullmatch(fault.path)
    return PlacedFault(line=int(found[1]) if found else None, fault=Fault(path="", reason=fault.reason))


def _bad(reason: str) -> BadDraft:
    return BadDraft((PlacedFault(line=None, fault=Fault(path="", reason=reason)),))

"""A file of settings: one tenant's settings, or only its rules, with the line of whatever is wrong in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from processors.settings import parse
from schemas.faults import Fault, Refused
from schemas.merge_patch import merge_patch
from schemas.settings import Settings
from tidings.every_fault import every_fault
from tidings.yaml_text import read_yaml

LARGEST_BYTES = 8 * 1024 * 1024
_LINE = re.compile(r"line ([0-9]+)(?:: (.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFault:
    """One thing that is wrong; `line` counts from 1, None where nobody knows."""

    line: int | None
    fault: Fault


class BadFile(Refused):
    """A file that is no valid settings; `placed` are its faults in the order of their lines."""

    def __init__(self, placed: tuple[PlacedFault, ...]) -> None:
        super().__init__(*(each.fault for each in placed))
        self.placed = placed


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """What a file says: a map of settings. `is_rules` when the file is nothing but the list of rules."""

    document: Mapping[str, object]
    is_rules: bool
    text: str

    def over(self, document: Mapping[str, object]) -> Mapping[str, object]:
        """The settings that the file is a change of, changed as `settings.changed` would (RFC 7396)."""
        merged: Mapping[str, object] = merge_patch(document, self.document)
        return merged

    def checked(self, document: Mapping[str, object] | None = None) -> Settings:
        """The settings in the file, or in `document`, made with it; raises BadFile with every fault and its line."""
        document = self.document if document is None else document
        try:
            return parse(document)
        except Refused as refused:
            raise BadFile(placed(every_fault(document) or refused.faults, self)) from None


def read_settings_file(path: Path) -> SettingsFile:
    """The file; raises BadFile when it cannot be read, is no YAML or JSON, or is neither a map nor a list."""
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
        raise BadFile(tuple(_of_yaml(fault) for fault in refused.faults)) from None
    if isinstance(plain, list):
        return SettingsFile(document={"rules": plain}, is_rules=True, text=text)
    if not isinstance(plain, dict):
        raise _bad("is neither a map of settings nor a list of rules")
    return SettingsFile(document=plain, is_rules=False, text=text)


def placed(faults: tuple[Fault, ...], file: SettingsFile) -> tuple[PlacedFault, ...]:
    """The faults with their lines in the file, in the order of these."""
    root = YAML(typ="safe", pure=True).compose(StringIO(file.text))
    found = [PlacedFault(line=_line(root, fault, is_rules=file.is_rules), fault=fault) for fault in faults]
    return tuple(sorted(found, key=lambda each: each.line or 0))


def _line(root: Node | None, fault: Fault, *, is_rules: bool) -> int | None:
    """The line of the deepest thing on the path that is there; within a template, the line that the fault names."""
    if root is None:
        return None
    path = fault.path.removeprefix("rules.") if is_rules else fault.path
    line: int = root.start_mark.line + 1
    node, rest = root, path
    while rest:
        step = _step(node, rest)
        if step is None:
            break
        line, node, rest = step
    within = _LINE.match(fault.reason)
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


def _bad(reason: str) -> BadFile:
    return BadFile((PlacedFault(line=None, fault=Fault(path="", reason=reason)),))

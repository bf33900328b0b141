"""Files of settings: every fault of a file at once, each with its line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from processors.settings import parse
from schemas.faults import Fault, Refused
from tidings.cli.root import app

BROKEN = """\
name: Riverside
timezone: America/New_Yrok
channels:
  email: {requested: true}
  fax: {requested: true}
templates:
  document:
    email:
      html: |
        <p>Hello</p>
        <script>x</script>
      text: "{{ oops"
rules:
  - id: r1
    on: [order.placed]
    to: [contact]
    channel: email
    subject: Hello
    text: |
      Dear {{ contact.name }},
      {% if %}
  - id: r2
    on: [order.placed]
    to: [contact]
    channel: sms
    when: "a == "
    wen: x
"""
FAULTS = [
    (2, "timezone", "must be an IANA time zone"),
    (5, "channels.fax", "must be one of email"),
    (11, "templates.document.email.html", "line 2: <script> is not for mail"),
    (12, "templates.document.email.text", "line 1: "),
    (21, "rules.0.text", "line 2: "),
    (22, "rules.1.text", "is missing"),
    (26, "rules.1.when", "a rule of channel sms has no criteria"),
    (27, "rules.1.wen", "unknown key"),
]


def check(path: Path, text: str | bytes, *options: str) -> Result:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CliRunner().invoke(app, ["rules", "check", str(path), *options], catch_exceptions=False)


def test_all_that_is_wrong_is_named_with_its_line(tmp_path: Path) -> None:
    checked = check(tmp_path / "a.yaml", BROKEN, "--json")
    told = [(each["line"], each["path"], each["reason"]) for each in json.loads(checked.stdout)]
    assert checked.exit_code == 2
    assert [each[:2] for each in told] == [each[:2] for each in FAULTS]
    for (_, _, reason), (_, _, beginning) in zip(told, FAULTS, strict=True):
        assert reason.startswith(beginning)


def test_a_file_may_hold_rules_alone(tmp_path: Path) -> None:
    rules = "".join(line[2:] + "\n" for line in BROKEN.splitlines()[13:])
    checked = check(tmp_path / "rules.yaml", rules)
    lines = [line.split(": ")[0:2] for line in checked.stderr.splitlines()]
    path = str(tmp_path / "rules.yaml")
    assert lines == [[f"{path}:{line - 13}", place] for line, place, _ in FAULTS[4:]]


def test_a_file_as_settings_show_writes_it_is_read(tmp_path: Path) -> None:
    whole = "tenant: riverside\nversion: 3\nsettings:\n" + "".join(f"  {line}\n" for line in BROKEN.splitlines())
    told = json.loads(check(tmp_path / "a.yaml", whole, "--json").stdout)
    assert [(each["line"], each["path"]) for each in told] == [(line + 3, path) for line, path, _ in FAULTS]
    told = json.loads(check(tmp_path / "a.yaml", "tenant: a\nsettings: {}\nversion: x", "--json").stdout)
    assert [(each["line"], each["path"]) for each in told] == [(3, "version")]


def test_a_valid_file_is_said_to_be_valid(tmp_path: Path) -> None:
    checked = check(tmp_path / "a.yaml", "rules: [{id: r, on: [a.b], to: [contact], channel: email, html: <p>Hi</p>}]")
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout == f"{tmp_path / 'a.yaml'} is valid, with 1 rule.\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", ":1: is not YAML: "),
        ("name: a\nname: b", ":2: has the key 'name' twice"),
        ("just words", ": is neither a map of settings nor a list of rules"),
        (b"\xff\xfe", ": is not UTF-8: byte 0xff at 0"),
        ("", ":1: holds nothing"),
        ("rules: 3", ":1: rules: must be a list, not 3"),
        ("brands: {a.b: {name: A, header_html: <form>}}", ":1: brands.a.b.header_html: line 1: <form> is not for mail"),
    ],
)
def test_what_is_no_settings_file_is_said(tmp_path: Path, text: str | bytes, said: str) -> None:
    checked = check(tmp_path / "a.yaml", text)
    assert checked.exit_code == 2
    assert checked.stderr.startswith(f"{tmp_path / 'a.yaml'}{said}")
    assert checked.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_named() -> None:
    checked = CliRunner().invoke(app, ["rules", "check", "/nowhere/a.yaml"], catch_exceptions=False)
    assert (checked.exit_code, checked.stderr) == (2, "/nowhere/a.yaml: cannot be read: No such file or directory\n")


def every_fault(document: dict[str, Any]) -> tuple[Fault, ...]:
    with pytest.raises(Refused) as refused:
        parse(document)
    return refused.value.faults


RULE: dict[str, Any] = {"id": "r", "on": ["a.b"], "to": ["contact"], "channel": "email", "text": "{{ oops"}


def test_all_faults_of_one_template_are_named() -> None:
    document = {"rules": [{**RULE, "on": ["order.completed"], "text": "{{ a }}\n{{ b }}"}]}
    assert [str(fault) for fault in every_fault(document)] == [
        "rules.0.text: line 1: unknown variable 'a'",
        "rules.0.text: line 2: unknown variable 'b'",
    ]


def test_what_texts_may_cost_is_said(tmp_path: Path) -> None:
    text = """\
currency: USD
billing: {sms: {model: per_segment, price: "0.02"}}
rules: [{id: r, on: [a.b], to: [contact], channel: sms, text: "Hello {{ name }}, see you at {{ at }}"}]
"""
    checked = check(tmp_path / "a.yaml", text)
    assert checked.stdout == (
        f"{tmp_path / 'a.yaml'} is valid, with 1 rule.\n"
        "rule:r: at most 2 segments, 0.04 USD, if a value has 40 characters and a list 10 items.\n"
    )


def test_what_is_missing_does_not_hide_the_other_rules() -> None:
    document = {"rules": [{"id": "x", "text": "Hi"}, {**RULE, "channel": "fax"}, {**RULE, "id": "s"}]}
    paths = [fault.path for fault in every_fault(document)]
    first = ["rules.0.channel", "rules.0.on", "rules.0.to"]
    assert sorted(paths) == [*first, "rules.1.channel", "rules.1.text", "rules.2.text"]


def test_taking_out_what_is_wrong_makes_nothing_else_wrong() -> None:
    rule = {**RULE, "channel": "short_code", "class": "marketing", "text": "Hi", "programme": "STOP"}
    document = {"programmes": {"STOP": {"short_code": "12345", "name": "A"}}, "rules": [rule]}
    paths = [fault.path for fault in every_fault(document)]
    assert paths[0] == "programmes.STOP"
    assert "rules.0.programme" not in paths
    prices = {"billing": {"sms": {"model": "per_segment", "price": "1"}}, "currency": 3}
    assert [fault.path for fault in every_fault(prices)] == ["currency"]


def test_looking_changes_nothing() -> None:
    document = {"timezone": "x", "rules": [{**RULE}]}
    every_fault(document)
    assert document == {"timezone": "x", "rules": [{**RULE}]}


@pytest.mark.parametrize("command", ["diff", "apply"])
@pytest.mark.parametrize("form", ["whole", "settings", "words"])
def test_what_is_wrong_is_said_alike_wherever_a_file_is_read(tmp_path: Path, command: str, form: str) -> None:
    path, lines = tmp_path / "a.yaml", BROKEN.splitlines()
    text = "".join(f"{line}\n" for line in lines)
    if form == "whole":
        text = "tenant: riverside\nversion: 3\nsettings:\n" + "".join(f"  {line}\n" for line in lines)
    elif form == "words":
        text = "just words"
    checked = check(path, text)
    read = CliRunner().invoke(app, ["settings", command, str(path), "--tenant", "riverside"], catch_exceptions=False)
    assert (read.exit_code, read.stderr) == (checked.exit_code, checked.stderr)
    told = CliRunner().invoke(
        app, ["settings", command, str(path), "--tenant", "riverside", "--json"], catch_exceptions=False
    )
    assert json.loads(told.stdout)["errors"] == json.loads(check(path, text, "--json").stdout)


def test_whose_settings_they_are_must_be_said_once(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("name: Riverside\n")
    nobody = CliRunner().invoke(app, ["settings", "apply", str(path)], catch_exceptions=False)
    assert (nobody.exit_code, "--tenant" in nobody.stderr) == (2, True)
    path.write_text("tenant: riverside\nversion: 3\nsettings: {name: Riverside}\n")
    other = CliRunner().invoke(app, ["settings", "apply", str(path), "--tenant", "other"], catch_exceptions=False)
    assert (other.exit_code, other.stderr) == (2, "The file is of tenant riverside, not other.\n")


GOLDEN = Path(__file__).parent / "golden"


def test_each_message_says_what_is_wrong_and_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """`wrong.txt` is to be read: it is what whoever wrote `wrong.yaml` is told."""
    monkeypatch.chdir(tmp_path)
    checked = check(Path("wrong.yaml"), (GOLDEN / "wrong.yaml").read_bytes())
    assert checked.stderr == (GOLDEN / "wrong.txt").read_text()
    assert [str(warning.message) for warning in recwarn] == []


def test_keys_around_the_settings_do_not_hide_what_is_in_them(tmp_path: Path) -> None:
    checked = check(tmp_path / "a.yaml", "tenant: a\nversion: four\nsettings:\n  timezone: Mars\n", "--json")
    told = json.loads(checked.stdout)
    assert [(each["line"], each["path"]) for each in told] == [(2, "version"), (4, "timezone")]
    checked = check(tmp_path / "a.yaml", "tenant: a\nversion: 4\nsetings: {timezone: Mars}\n", "--json")
    assert [(each["line"], each["path"]) for each in json.loads(checked.stdout)] == [(3, "setings")]


def test_a_key_that_holds_nothing_is_left_out(tmp_path: Path) -> None:
    assert check(tmp_path / "a.yaml", "name:\nquiet_hours:\nkinds: {document: {category: }}\n").exit_code == 0

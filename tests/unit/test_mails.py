"""Mails in files, mboxes and Maildirs: each is found once, and what is no mail says why."""

import mailbox
from pathlib import Path

import pytest

from tidings.mails import LARGEST_MAIL_BYTES, Mail, NoMail, mails_in

LETTER = b"From: ann@example.org\nTo: hello@shop.example\nSubject: Hello\n\nIs it ready?\n"


def found(place: Path) -> list[Mail]:
    return list(mails_in(str(place)))


def maildir(path: Path, *mails: bytes) -> Path:
    for part in ("cur", "new", "tmp"):
        (path / part).mkdir(parents=True)
    for number, raw in enumerate(mails):
        (path / "new" / f"{number}.host").write_bytes(raw)
    return path


def test_a_file_is_one_mail(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(LETTER)
    [mail] = found(tmp_path / "a.eml")
    assert (mail.raw, mail.fault) == (LETTER, None)


def test_an_mbox_has_many_mails_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "returned.mbox"
    box = mailbox.mbox(path)
    for number in range(3):
        box.add(LETTER + f"From here on {number}\n".encode())
    box.close()
    before = path.read_bytes()
    mails = found(path)
    assert [mail.name for mail in mails] == [f"{path}:{number}" for number in (1, 2, 3)]
    assert all(mail.raw.startswith(b"From: ann@example.org\n") for mail in mails)
    assert b">From here on 1" in mails[1].raw
    for mail in mails:
        mail.take_away()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["returned.mbox"]


def test_an_mbox_that_somebody_holds_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "returned.mbox"
    path.write_bytes(b"From ann@example.org Mon Jun  1 10:00:00 2026\n" + LETTER)
    (tmp_path / "returned.mbox.lock").touch()
    with pytest.raises(NoMail, match="is locked by another program") as raised:
        found(path)
    assert raised.value.is_busy


def test_a_mail_of_a_maildir_is_new_until_it_is_safe(tmp_path: Path) -> None:
    path = maildir(tmp_path / "box", LETTER, LETTER + b"again\n")
    first, second = found(path)
    first.take_away()
    assert [mail.raw for mail in found(path)] == [second.raw]
    assert [each.name for each in (path / "cur").iterdir()] == ["0.host:2,S"]
    assert (path / "cur" / "0.host:2,S").read_bytes() == LETTER


@pytest.mark.parametrize(
    ("raw", "fault"),
    [(b" \n\n", "is empty"), (b"x" * (LARGEST_MAIL_BYTES + 1), f"has more than {LARGEST_MAIL_BYTES:,} bytes")],
)
def test_what_is_no_mail_says_why_and_the_next_one_is_found(tmp_path: Path, raw: bytes, fault: str) -> None:
    path = maildir(tmp_path / "box", raw, LETTER)
    assert [mail.fault for mail in found(path)] == [fault, None]


@pytest.mark.parametrize(
    ("name", "words"), [("nowhere", "cannot be read: No such file or directory"), ("", "is no Maildir: it has not all")]
)
def test_a_place_without_mails_says_so(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(NoMail, match=words):
        found(tmp_path / name)

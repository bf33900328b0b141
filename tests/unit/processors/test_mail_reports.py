"""Reports as mail systems write them, after RFC 3464 and RFC 5965; each file is one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.mail_reports import MailReport, report_in_mail, report_in_text
from schemas.words import Status

REPORTS = {path.stem: path.read_bytes() for path in sorted((Path(__file__).parent / "reports").glob("*.eml"))}
OURS = "mabcdefghijklmnopqrstuvwx"
MEANT: dict[str, tuple[Status | None, str | None]] = {
    "postfix-no-such-user": (Status.BOUNCED, "5.1.1"),
    "postfix-no-such-domain": (Status.BOUNCED, "5.1.2"),
    "postfix-given-up-after-days": (Status.UNDELIVERED, "4.4.1"),
    "postfix-delayed": (None, "4.4.1"),
    "postfix-delivered": (Status.DELIVERED, "2.1.5"),
    "postfix-relayed": (None, "2.0.0"),
    "postfix-expanded": (None, "2.0.0"),
    "postfix-mailbox-full": (Status.UNDELIVERED, "5.2.2"),
    "postfix-spam-policy": (Status.UNDELIVERED, "5.7.1"),
    "postfix-forwarded-address-without-envelope-id": (Status.BOUNCED, "5.1.1"),
    "exim-no-such-user": (Status.BOUNCED, "5.1.1"),
    "exim-unrouteable": (Status.UNDELIVERED, "5.0.0"),
    "exim-old-text": (Status.BOUNCED, "5.1.1"),
    "exchange-no-such-user": (Status.BOUNCED, "5.1.10"),
    "exchange-not-permitted": (Status.UNDELIVERED, "5.7.133"),
    "gmail-no-such-user": (Status.BOUNCED, "5.1.1"),
    "gmail-delayed": (None, "4.4.1"),
    "ses-no-such-user": (Status.BOUNCED, "5.1.1"),
    "ses-transient": (Status.UNDELIVERED, "4.4.2"),
    "of-somebody-elses-mail": (Status.BOUNCED, "5.1.1"),
    "complaint-abuse": (Status.COMPLAINED, "abuse"),
    "complaint-redacted": (Status.COMPLAINED, "abuse"),
    "report-of-not-spam": (None, "not-spam"),
    "report-of-failed-authentication": (None, "auth-failure"),
}


def found(raw: bytes) -> MailReport:
    report = report_in_mail(raw)
    assert report is not None
    return report


def test_every_report_of_the_corpus_is_meant_somehow() -> None:
    assert MEANT.keys() == REPORTS.keys()


@pytest.mark.parametrize("name", MEANT)
def test_what_a_report_says_of_our_message(name: str) -> None:
    report = found(REPORTS[name])
    assert (report.status, report.code) == MEANT[name]
    assert report.message_id == (None if name == "of-somebody-elses-mail" else OURS)


@pytest.mark.parametrize(
    ("others", "status"),
    [
        ("Action: failed\nStatus: 5.1.1", Status.BOUNCED),
        ("Action: failed\nStatus: 5.2.2", Status.UNDELIVERED),
        ("Action: delayed\nStatus: 4.4.1", None),
        ("Action: relayed\nStatus: 2.0.0", None),
        ("Action: delivered\nStatus: 2.1.5", Status.DELIVERED),
    ],
)
def test_an_address_that_leads_on_to_several_works_as_long_as_one_of_them_does(
    others: str, status: Status | None
) -> None:
    one = b"Final-Recipient: rfc822; "
    failed = REPORTS["postfix-no-such-user"]
    assert found(failed).status is Status.BOUNCED
    another = b"Final-Recipient: rfc822; bob@example.org\n" + others.encode() + b"\n\n"
    assert found(failed.replace(one, another + one, 1)).status is status


@pytest.mark.parametrize("name", MEANT)
def test_line_ends_make_no_difference(name: str) -> None:
    assert found(REPORTS[name].replace(b"\n", b"\r\n")) == found(REPORTS[name])


@pytest.mark.parametrize("name", [name for name in MEANT if name != "exim-old-text"])
def test_a_report_is_known_by_its_text_alone(name: str) -> None:
    text = REPORTS[name].decode()
    body = text.partition("\n\n")[2]
    for told in (text, body):
        report = report_in_text(told)
        assert report is not None
        assert (report.status, report.code) == MEANT[name]


@pytest.mark.parametrize("text", ["", "Hello", "Status: I am fine\nAction: none\n\nAnn", "Reporting from the shop"])
def test_a_letter_is_no_report(text: str) -> None:
    assert report_in_text(text) is None
    assert report_in_mail(f"From: ann@example.org\nSubject: Hi\n\n{text}".encode()) is None


@given(st.data())
def test_no_damage_to_a_report_raises_anything(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(list(REPORTS.values()))))
    for _ in range(data.draw(st.integers(0, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    report_in_mail(cut)
    report_in_text(cut.decode("latin-1"))

import pytest

from processors.asking import asked_on_long_number, asked_on_short_code, is_short_code
from processors.keywords import Keyword, folded, keyword
from processors.settings import parse
from schemas.faults import Fault, Refused
from schemas.settings import Settings


def settings() -> Settings:
    return parse(
        {
            "programmes": {
                "TRUNK": {"short_code": "12345", "name": "Trunk shows", "confirmation": "Welcome.", "help": "Call us."},
                "sale-days": {"short_code": "12345", "name": "Sales", "help": "Ask us."},
                "OTHER": {"short_code": "54321", "name": "Others"},
            }
        }
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *((word, Keyword.STOP) for word in ("STOP", "unsubscribe", "Cancel", "END", "Quit!", "REVOKE", "optout")),
        *(
            (text, Keyword.STOP)
            for text in ("opt out", "Opt-Out.", " stop\n", "Stop. Thank you", "STOP thanks so much")
        ),
        ("\uff33\uff34\uff2f\uff30", Keyword.STOP),
        ("stop \N{PERSON WITH FOLDED HANDS}", Keyword.STOP),
        ("STOPALL", Keyword.STOP_ALL),
        ("stop all", Keyword.STOP_ALL),
        ("help", Keyword.HELP),
        ("Info?", Keyword.HELP),
        ("yes", Keyword.START),
        ("Yes, thank you very much!", Keyword.START),
        ("UNSTOP", Keyword.START),
        *((text, None) for text in ("Don't stop, count me in", "stop you", "please stop by at five", "non-stop", "")),
        *(
            (text, None)
            for text in ("Thank you", "thanks", "yes a lot", "I will end it", "STOP TRUNK", "\N{OK HAND SIGN}")
        ),
    ],
)
def test_a_text_is_a_keyword_only_when_it_says_nothing_else(text: str, meant: Keyword | None) -> None:
    assert keyword(text) is meant


@pytest.mark.parametrize(
    ("word", "wrong"),
    [
        ("STOP", "is a word with a meaning of its own in every text"),
        ("Opt-out!", "is a word with a meaning of its own in every text"),
        ("!!", "has no letter or digit, so nobody can text it"),
        ("sale days", "is the same keyword as sale-days"),
        ("all", "is also what people opt out of: a STOP to the programme would end all that is 'all'"),
        ("Marketing", "is also what people opt out of: a STOP to the programme would end all that is 'Marketing'"),
        ("service", "is also what people opt out of: a STOP to the programme would end all that is 'service'"),
        ("news", "is also what people opt out of: a STOP to the programme would end all that is 'news'"),
    ],
)
def test_a_programme_whose_word_means_something_else_is_refused(word: str, wrong: str) -> None:
    programmes = {each: {"short_code": "12345", "name": each} for each in ("sale-days", word)}
    with pytest.raises(Refused) as refused:
        parse({"programmes": programmes, "kinds": {"document": {"category": "news"}}})
    assert refused.value.faults == (Fault(path=f"programmes.{word}", reason=wrong),)


@pytest.mark.parametrize(
    ("number", "is_short"),
    [("12345", True), ("123456", True), ("87654321", True), ("12345678", False), ("+12025550111", False), ("", False)],
)
def test_a_short_code_cannot_be_called(number: str, is_short: bool) -> None:
    own = parse({"programmes": {"OSLO": {"short_code": "87654321", "name": "Oslo"}}})
    assert is_short_code(number, own) is is_short


@pytest.mark.parametrize(
    ("text", "word", "changes"),
    [
        ("trunk ", "join", {"joins": ("TRUNK",), "lifts": ("TRUNK",)}),
        ("Sale days", "join", {"joins": ("sale-days",), "lifts": ("sale-days",)}),
        ("STOP", "stop", {"opts_out": ("TRUNK", "sale-days"), "leaves": ("TRUNK", "sale-days")}),
        ("STOPALL", "stop", {"opts_out": ("all",)}),
        ("start", "start", {"lifts": ("all", "TRUNK", "sale-days")}),
        ("HELP", "help", {}),
        ("what is this?", "help", {}),
        ("OTHER", "help", {}),
        ("", "help", {}),
    ],
)
def test_what_a_text_to_a_short_code_changes(text: str, word: str, changes: dict[str, tuple[str, ...]]) -> None:
    asked = asked_on_short_code(text, "12345", settings())
    names = ("opts_out", "lifts", "joins", "leaves")
    assert (asked.word, {name: getattr(asked, name) for name in names if getattr(asked, name)}) == (word, changes)


def test_the_help_of_a_short_code_is_that_of_its_programmes() -> None:
    assert asked_on_short_code("huh?", "12345", settings()).words == "Call us. Ask us."


def test_a_short_code_without_programmes_sends_marketing_only() -> None:
    assert asked_on_short_code("STOP", "99999", settings()).opts_out == ("marketing",)


def test_a_programme_cannot_be_joined_on_an_ordinary_number() -> None:
    assert asked_on_long_number("TRUNK") is None
    assert folded("TRUNK") == "TRUNK"

"""What a text to a tenant's number or short code asks for, and what that changes (contract section 8)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from processors.keywords import Keyword, folded, keyword
from schemas.consent import EVERYTHING, MARKETING, Means
from schemas.faults import Fault
from schemas.settings import Settings
from schemas.settings_sections import Programme

SHORTER_THAN_ANY_NUMBER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One thing that a person asks for: the scopes and programmes it changes, and what its answer says.

    `word` is stop, start, help or join; `about` are the names of the programmes; `words` is the tenant's own answer.
    `join_words` bring back what a STOP to a short code has ended: START opts in to none (section 11, START).
    `silences` says whether texts to the person's contacts are off now; None leaves them as they are.
    """

    word: str
    opts_out: tuple[str, ...] = ()
    lifts: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    silences: bool | None = None
    about: tuple[str, ...] = ()
    join_words: tuple[str, ...] = ()
    words: str = ""
    means: Means = Means.KEYWORD

    @property
    def changes_nothing(self) -> bool:
        """Whether consent stays as it is."""
        return not (self.opts_out or self.lifts or self.joins or self.leaves)

    @property
    def variables(self) -> Mapping[str, object]:
        """What the template of the answer sees."""
        return {
            "word": self.word,
            "about": list(self.about),
            "join_words": list(self.join_words),
            "words": self.words,
        }


_STOP_ALL = Asked(word="stop", opts_out=(EVERYTHING,), silences=True, means=Means.STOP_ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """A short code as one tenant uses it; without programmes, all that it sends is marketing."""

    programmes: Mapping[str, Programme] = field(default_factory=dict)

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(self.programmes) or (MARKETING,)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(programme.name for programme in self.programmes.values())


def is_short_code(number: str, settings: Settings) -> bool:
    """Whether a number is a short code and not one that can be called: too short for that, or one of the tenant's."""
    own = {settings.senders.short_code, *(programme.short_code for programme in settings.programmes.values())}
    return number in own or (number.isdecimal() and len(number) <= SHORTER_THAN_ANY_NUMBER)


def asked_on_long_number(text: str) -> Asked | None:
    """What a text to an ordinary number asks for; None for one that is to be read by a person."""
    match keyword(text):
        case Keyword.STOP_ALL:
            return _STOP_ALL
        case Keyword.STOP:
            return Asked(word="stop", opts_out=(EVERYTHING,), silences=True)
        case Keyword.START:
            return Asked(word="start", lifts=(EVERYTHING,), silences=False)
        case Keyword.HELP:
            return Asked(word="help")
        case _:
            return None


def asked_on_short_code(text: str, number: str, settings: Settings) -> Asked:
    """What a text to a short code asks for; a word that means nothing gets the help text."""
    programmes = settings.programmes.items()
    code = _Code(programmes={word: each for word, each in programmes if each.short_code == number})
    match keyword(text):
        case Keyword.STOP_ALL:
            return _STOP_ALL
        case Keyword.STOP:
            return Asked(
                word="stop",
                opts_out=code.scopes,
                leaves=tuple(code.programmes),
                about=code.names,
                join_words=tuple(code.programmes),
            )
        case Keyword.START:
            return Asked(
                word="start", lifts=(EVERYTHING, *code.scopes), about=code.names, join_words=tuple(code.programmes)
            )
        case None if (joined := _joined(text, code)) is not None:
            programme = code.programmes[joined]
            return Asked(
                word="join", joins=(joined,), lifts=(joined,), about=(programme.name,), words=programme.confirmation
            )
        case _:
            helps = dict.fromkeys(each.help for each in code.programmes.values() if each.help)
            return Asked(word="help", about=code.names, words=" ".join(helps))


def _joined(text: str, code: _Code) -> str | None:
    said = folded(text)
    return next((word for word in code.programmes if folded(word) == said), None) if said else None


def programme_faults(settings: Settings) -> Iterator[Fault]:
    """Programmes that nobody can join by their word, or whose STOP would end more than them."""
    wider = {EVERYTHING, MARKETING, *(own.category for own in settings.kinds.values())}
    seen: dict[str, str] = {}
    for word in settings.programmes:
        said = folded(word)
        if not said:
            yield Fault(path=f"programmes.{word}", reason="has no letter or digit, so nobody can text it")
        elif keyword(word) is not None:
            yield Fault(path=f"programmes.{word}", reason="is a word with a meaning of its own in every text")
        elif said in seen:
            yield Fault(path=f"programmes.{word}", reason=f"is the same keyword as {seen[said]}")
        elif word.casefold() in wider:
            reason = f"is also what people opt out of: a STOP to the programme would end all that is {word!r}"
            yield Fault(path=f"programmes.{word}", reason=reason)
        seen.setdefault(said, word)

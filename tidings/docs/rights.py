"""docs/reference/rights.md: what each process may do on a broker that authorizes."""

from collections.abc import Iterator

from schemas.topics import COMMANDS, LEDGERS
from schemas.words import Channel
from tidings.docs.markdown import code, listed, page, table
from tidings.rights import Rights, all_rights

_INTRO = """
For a broker with an authorizer, such as Kafka's `StandardAuthorizer`. Each user of Tidings also needs *Describe* on all
of these topics, for a process looks whether they are there; *Read* and *Write* include it.
`TIDINGS_KAFKA__TOPIC_PREFIX` stands before every topic and group.

A process or command that lacks a right ends with 78 when it first needs it, and names the topic or group;
`tidings receive` ends with 75, so that the mail server keeps the mail. A topic that may not be described is taken for
one that is missing.
"""
_AFTER = """
`tidings topics plan` needs *DescribeConfigs* on all topics, changelogs among them; `tidings topics apply` also *Create*
and *AlterConfigs*. `tidings doctor` needs *DescribeConfigs* on them, too, and *Describe* on the groups.
`tidings dead-letters replay` also writes `dead-letters` and the topics that the letters came from. The sandbox needs
the rights of the gateways in whose place it is.

A user with a certificate is called by its whole name, such as `User:CN=tidings-decide`. On Kafka's own command line:

```
kafka-acls --bootstrap-server kafka-1:9093 --add --allow-principal User:tidings-decide \\
  --operation Describe --topic '*'
kafka-acls --bootstrap-server kafka-1:9093 --add --allow-principal User:tidings-decide \\
  --operation Read --topic events --topic audience --group tidings-decide …
```
"""


def rights() -> str:
    """The page."""
    rows = (_row(each) for each in all_rights() if each.process not in _OTHER_GATEWAYS)
    written = table(("process", "reads", "writes", "group (Read)"), rows)
    return page("Rights on the broker", "`tidings/rights.py` and the topology", _INTRO, written, _AFTER)


_OTHER_GATEWAYS = frozenset(f"tidings gateway {channel}" for channel in Channel if channel is not Channel.EMAIL)
"""They differ from the first in the channel's name alone."""


def _row(rights: Rights) -> tuple[str, ...]:
    names = ", ".join(map(code, rights.process.split(", ")))
    row = (names, listed(_short(rights.reads)), listed(_short(rights.writes)), listed(rights.groups))
    is_gateway = rights.groups == (f"tidings-gateway-{Channel.EMAIL}",)
    return tuple(cell.replace(Channel.EMAIL, "<channel>") for cell in row) if is_gateway else row


def _short(topics: tuple[str, ...]) -> Iterator[str]:
    """All commands, or all ledgers, in one word."""
    for family, word in ((COMMANDS, "delivery.commands.*"), (LEDGERS, "ledger.*")):
        names = tuple(topic.name for topic in family)
        if set(names) <= set(topics):
            topics = (*(name for name in topics if name not in names), word)
    yield from topics

"""World two: commands and withdrawals to a channel's gateways, and a provider that remembers what it accepted."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from schemas.candidate import Withdrawal
from schemas.clock import from_millis, to_millis
from schemas.consent import Consent
from schemas.message import Message
from schemas.topics import CONSENTS
from schemas.words import Channel, InDoubt, Lane
from tests.simulation.broker import Broker
from tests.simulation.fleet import Machine
from tests.simulation.gateway_laws import gateway_laws, newest_entries, unreported
from tests.simulation.group import Group
from tests.simulation.loop import now, rest
from tests.simulation.office import COMMANDS, LEDGER, Office, OfficeParts, row
from tests.simulation.post import Post
from tests.simulation.process import Process
from tests.simulation.storm import Storm, odds_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REST_SECONDS = 90.0
_POLICIES = (InDoubt.RESEND, InDoubt.DROP, InDoubt.HOLD, InDoubt.WAIT_THEN_RESEND)
_ADDRESSES = tuple(f"a{number}@example.org" for number in range(3))


@dataclass(kw_only=True, eq=False)
class GatewayWorld:
    """One run from one seed; `broken` are the laws that did not hold."""

    storm: Storm
    parts: OfficeParts
    broken: list[str] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)

    async def run(self) -> None:
        """The storm, the healing and the reckoning."""
        rng = self.storm.rng
        self.broker = Broker(self.storm, to_millis(NOON))
        self.numbers = tuple(range(rng.choice((1, 1, 2))))
        self.group = Group(broker=self.broker, name="gateways", partitions=self.numbers)
        self.group.begin()
        self.post = Post(storm=self.storm, refusals=rng.choice((0.0, 0.3, 0.5)))
        for number in range(rng.choice((1, 2, 2))):
            self._add_machine(f"g{number}")
        await self._script(rng)
        self.storm.step("the storm is over")
        self.storm.is_over = True
        await self._come_to_rest()
        self.broken += [f"a fault of the code: {error!r}" for each in self.machines for error in each.unexpected]
        self.broken += gateway_laws(self.broker, self.numbers, self.messages, self.post)

    def _add_machine(self, name: str) -> None:
        def build(process: Process) -> None:
            Office(process=process, broker=self.broker, group=self.group, post=self.post, parts=self.parts).begin()

        self.machines.append(Machine(name, self.storm, build))

    async def _script(self, rng: Random) -> None:
        pause_seconds = rng.choice((0.05, 0.15, 0.5))
        for step in range(rng.choice((3, 5, 8))):
            await rest(rng.random() * pause_seconds)
            match rng.randint(0, 11):
                case 0:
                    self.group.rebalance()
                case 1 if len(self.machines) < 3:
                    self._add_machine(f"g{len(self.machines)}")
                case 2:
                    self._opt_out(rng)
                case 3 | 4 if self.messages:
                    self._withdraw(rng)
                case 5 if self.messages:
                    self._command(rng, rng.choice(sorted(self.messages)))
                case 6:
                    self.broker.compact(LEDGER, 0, rng.randint(0, self.broker.end(LEDGER, 0)))
                case _:
                    for one in range(rng.randint(1, 3)):
                        self._command(rng, f"m{step}.{one}")
            self.broker.now_ms += rng.choice((10, 500, 6000, 40_000))

    def _command(self, rng: Random, message_id: str) -> None:
        message = self.messages.get(message_id) or self._message(rng, message_id)
        self.messages[message_id] = message
        self.broker.append(message.topic, self._number(message.to), [row(message.key, message)])

    def _message(self, rng: Random, message_id: str) -> Message:
        at = from_millis(self.broker.now_ms)
        return Message(
            message_id=message_id,
            tenant="t",
            kind="appointment_reminder",
            channel=Channel.EMAIL,
            to=rng.choice(_ADDRESSES),
            from_="T <t@example.org>",
            event_id="e1",
            lane=rng.choice(tuple(Lane)),
            category="service",
            in_doubt=rng.choice(_POLICIES),
            text="See you.",
            subject="You",
            settings_version=1,
            template_version="1",
            commanded_at=at,
            contact=rng.choice(("c1", "c2")),
            not_before=at + timedelta(seconds=20) if rng.random() < 0.1 else None,
            useful_until=at + timedelta(minutes=rng.randint(1, 60)) if rng.random() < 0.3 else None,
        )

    def _number(self, address: str) -> int:
        return _ADDRESSES.index(address) % len(self.numbers)

    def _withdraw(self, rng: Random) -> None:
        message = self.messages[rng.choice(sorted(self.messages))]
        named = Withdrawal(tenant="t", event_id="e2", reason="cancelled_by_event", message_id=message.message_id)
        if rng.random() < 0.3:
            named = replace(named, message_id=None, contact=message.contact)
        self.broker.append(message.topic, self._number(message.to), [row(message.key, named)])

    def _opt_out(self, rng: Random) -> None:
        address = rng.choice(_ADDRESSES)
        consent = Consent(tenant="t", address=address, opted_out=("all",))
        stamped = row(consent.key, consent)._replace(timestamp_ms=self.broker.now_ms)
        self.broker.append(CONSENTS.name, self._number(address), [stamped])

    async def _come_to_rest(self) -> None:
        """Wait until nothing is left to do but to let time pass; then let it pass, in steps."""
        deadline = now() + REST_SECONDS
        while (left := self._left()) and now() < deadline:
            await rest(0.4)
            self.broker.now_ms += 120_000
        await rest(0.6)  # the last answers are on their way
        if left:
            self.broken.append(f"it never comes to rest: {left}")

    def _left(self) -> str:
        for topic in COMMANDS:
            for number in self.numbers:
                done, end = self.group.committed(topic, number), self.broker.end(topic, number)
                if done != end:
                    return f"{done} of {end} of {topic}/{number} are committed"
        entries = newest_entries(self.broker, self.numbers)
        for message_id in self.messages:
            if message_id not in entries or not entries[message_id].state.is_final:
                return f"message {message_id} is open: {entries.get(message_id)}"
        # The last report may wait for a network that comes back only after the storm.
        return f"{owed} is not reported" if (owed := next(unreported(self.broker, self.numbers), None)) else ""


def gateway_world(seed: int, *, is_traced: bool = False, parts: OfficeParts | None = None) -> GatewayWorld:
    """The world of one seed, not yet run."""
    rng = Random(seed)
    storm = Storm(rng=rng, odds=odds_of(rng), is_traced=is_traced)
    return GatewayWorld(storm=storm, parts=parts or OfficeParts())

"""Taking commands in: a message becomes a job, a repetition waits for it, a withdrawal finds what it is about."""

from dataclasses import replace

from aiokafka import ConsumerRecord

from gateways.work import Job, Order, Partition
from schemas import wire
from schemas.candidate import Withdrawal
from schemas.faults import Fault, Unreadable
from schemas.message import Message
from schemas.origin import origin_of
from schemas.topics import Topic
from schemas.verdict import Verdict
from schemas.words import Lane


def read_order(topic: Topic, record: ConsumerRecord) -> Order:
    """A command as it came; raises Unreadable."""
    command = wire.decode(topic, record.key, record.value, record.headers)
    assert isinstance(command, Message | Withdrawal | Verdict), f"{topic.name} carries no {type(command).__name__}"
    try:
        key = (record.key or b"").decode()
    except UnicodeDecodeError:
        of, fault = origin_of(command), Fault(path="key", reason=f"is no UTF-8: {record.key!r}")
        raise Unreadable(fault, tenant=of.tenant, type=of.type, event_id=of.event_id) from None
    return Order(mark=(topic.name, record.offset), key=key, command=command)


def take_in(partition: Partition, order: Order) -> list[Job]:
    """Enter a command of this partition; the new jobs, to be put into the lanes."""
    if isinstance(order.command, Message):
        return _message(partition, order, order.command)
    if isinstance(order.command, Verdict):
        return _verdict(partition, order, order.command)
    if order.command.message_id is None:
        return _withdrawals(partition, order, order.command)
    return _withdrawal(partition, order, order.command, order.command.message_id)


def of_timer(partition: Partition, message: Message) -> Job:
    """A message whose hour has come."""
    return _enter(partition, _job(partition, message, is_retried=True))


def _message(partition: Partition, order: Order, message: Message) -> list[Job]:
    job = partition.jobs.get(message.message_id)
    if job is None:
        job = _enter(partition, _job(partition, message))
        job.marks.append(order.mark)
        return [job]
    if job.is_under_way:
        job.later.append(order)
    else:
        job.message = job.message or message
        job.marks.append(order.mark)
    return []


def _verdict(partition: Partition, order: Order, verdict: Verdict) -> list[Job]:
    """A message that is in hand just now is looked at again when that is over; what is not on hold stays as it is."""
    job = partition.jobs.get(verdict.message_id)
    if job is not None:
        job.later.append(order)
        return []
    entry = partition.ledger.get(verdict.message_id)
    if entry is None or entry.message is None or not entry.is_on_hold:
        topic, offset = order.mark
        partition.offsets[topic].closed(offset)
        return []
    job = _job(partition, verdict.renewed(entry.message))
    job.verdict = verdict
    job.marks.append(order.mark)
    return [_enter(partition, job)]


def _withdrawal(partition: Partition, order: Order, withdrawal: Withdrawal, message_id: str) -> list[Job]:
    job = partition.jobs.get(message_id)
    if job is None:
        # It overtakes what waits: the sooner a withdrawal is entered, the less it comes too late.
        job = Job(
            partition=partition.number,
            message_id=message_id,
            lane=Lane.URGENT,
            tenant=withdrawal.tenant,
            marks=[order.mark],
            withdrawal=withdrawal,
        )
        return [_enter(partition, job)]
    _withdraw(job, order, withdrawal)
    return []


def _withdrawals(partition: Partition, order: Order, withdrawal: Withdrawal) -> list[Job]:
    """All messages of one contact to this address; the command is done when each of them is."""

    def is_meant(message: Message | None) -> bool:
        if message is None or (message.tenant, message.contact) != (withdrawal.tenant, withdrawal.contact):
            return False
        return message.key == order.key

    offsets, offset = partition.offsets[order.mark[0]], order.mark[1]
    in_hand = [job for job in partition.jobs.values() if is_meant(job.message)]
    waiting = [entry.message for entry in partition.ledger.waiting() if is_meant(entry.message)]
    new = [of_timer(partition, message) for message in waiting if message and message.message_id not in partition.jobs]
    for job in (*in_hand, *new):
        offsets.split(offset)
        one = replace(withdrawal, message_id=job.message_id, contact=None)
        _withdraw(job, replace(order, command=one), one)
    offsets.closed(offset)
    return new


def _withdraw(job: Job, order: Order, withdrawal: Withdrawal) -> None:
    if job.is_under_way:
        job.later.append(order)
    else:
        job.withdrawal = withdrawal
        job.marks.append(order.mark)


def _job(partition: Partition, message: Message, *, is_retried: bool = False) -> Job:
    return Job(
        partition=partition.number,
        message_id=message.message_id,
        lane=message.lane,
        tenant=message.tenant,
        message=message,
        is_retried=is_retried,
    )


def _enter(partition: Partition, job: Job) -> Job:
    partition.jobs[job.message_id] = job
    return job

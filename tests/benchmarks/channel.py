"""A channel, its senders and receivers as a plain search over tuples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..models.plain import Answer, answer
from .tuples import put


class State(NamedTuple):
    next: int  # the value that is sent next
    buffer: tuple[int, ...]
    sendq: tuple[tuple[int, int], ...]  # each sender with its value
    recvq: tuple[int, ...]
    sent: tuple[int, ...]  # by each sender
    senders: tuple[Any, ...]  # None, ("ready", receiver), "parked" or "woken"
    receivers: tuple[Any, ...]  # None, ("ready", sender), "parked", ("handed", value) or ("woken", value)
    received: tuple[int, ...]  # how many times, for each value

    def sender(self, me: int, about: object) -> State:
        return self._replace(senders=put(self.senders, me, about))

    def receiver(self, me: int, about: object) -> State:
        return self._replace(receivers=put(self.receivers, me, about))

    def receive(self, value: int) -> State:
        return self._replace(received=put(self.received, value, self.received[value] + 1))


def sending(s: State, me: int, capacity: int, values: int) -> Iterator[State]:
    match s.senders[me]:
        case None if s.sent[me] < values:
            value, after = s.next, s._replace(next=s.next + 1, sent=put(s.sent, me, s.sent[me] + 1))
            if s.recvq:
                waiter, *others = s.recvq
                yield (
                    after._replace(recvq=tuple(others))
                    .receiver(waiter, ("handed", value))
                    .sender(me, ("ready", waiter))
                )
            elif len(s.buffer) < capacity:
                yield after._replace(buffer=(*s.buffer, value))
            else:
                yield after._replace(sendq=(*s.sendq, (me, value))).sender(me, "parked")
        case ("ready", waiter):
            yield s.receiver(waiter, ("woken", s.receivers[waiter][1])).sender(me, None)
        case "woken":
            yield s.sender(me, None)


def receiving(s: State, me: int) -> Iterator[State]:
    match s.receivers[me]:
        case None if s.sendq:
            (waiter, value), *others = s.sendq
            first, *rest = (*s.buffer, value)
            after = s._replace(buffer=tuple(rest), sendq=tuple(others))
            yield after.receive(first).receiver(me, ("ready", waiter))
        case None if s.buffer:
            yield s._replace(buffer=s.buffer[1:]).receive(s.buffer[0])
        case None:
            yield s._replace(recvq=(*s.recvq, me)).receiver(me, "parked")
        case ("ready", waiter):
            yield s.sender(waiter, "woken").receiver(me, None)
        case ("woken", value):
            yield s.receive(value).receiver(me, None)


def moves(s: State, capacity: int, values: int) -> Iterator[State]:
    for me in range(len(s.senders)):
        yield from sending(s, me, capacity, values)
    for me in range(len(s.receivers)):
        yield from receiving(s, me)


def start(senders: int, receivers: int, values: int) -> State:
    total = senders * values
    return State(0, (), (), (), (0,) * senders, (None,) * senders, (None,) * receivers, (0,) * total)


def channel(senders: int, receivers: int, capacity: int, values: int) -> Answer:
    return answer(
        [start(senders, receivers, values)],
        lambda s: moves(s, capacity, values),
        violations={"all_received": lambda s: not list(moves(s, capacity, values)) and set(s.received) != {1}},
        reached={
            "all_senders_wait": lambda s: len(s.sendq) == senders,
            "all_receivers_wait": lambda s: len(s.recvq) == receivers,
        },
    )

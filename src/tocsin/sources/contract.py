"""What a source is: a folder that turns one wire format into what was heard, without database, clock or network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.core.signals import Heard


class Unreadable(Exception):
    """A message cannot be read, now or ever; the text says why, to the person who looks after the integration."""


# body, the integration's mapping, the time of arrival
Parse = Callable[[bytes, Mapping[str, object], datetime], Sequence[Heard]]
Header = Callable[[str], str]  # by its lower-case name; empty: there is none
# the secret, the body, the headers, the time of arrival
IsSigned = Callable[[str, bytes, Header, datetime], bool]


def _always(_: bytes) -> bool:
    return True


def _body_alone(body: bytes, _: Header) -> tuple[str, ...]:
    return "", body.decode("latin-1")


@dataclass(frozen=True, kw_only=True)
class Source:
    kind: str
    label: str
    about: str  # one sentence, for whoever chooses
    parse: Parse  # Unreadable
    path: str  # below the public URL, with {key} where the key belongs; of mails the address, also with {host}
    sample: bytes  # a message as the tool sends it
    setup: str  # how to point the tool here, with {url} and {key}
    is_mailed: bool = False  # comes as a mail and not by HTTP: its {url} is an e-mail address
    mapping: Mapping[str, object] = field(default_factory=dict)  # what an empty one means, where that can be written
    fits: Callable[[Mapping[str, object]], None] | None = None  # whether a mapping can be used at all; Unreadable
    check: Callable[[bytes], object] | None = None  # what is asked of a webhook before it is taken; Unreadable
    is_own: bool = False  # made by Tocsin together with what it belongs to, never by hand
    is_timeless: Callable[[bytes], bool] = _always  # whether the body means the same whenever it comes
    is_signed: IsSigned | None = None  # in constant time; None: the tool does not sign
    # what a copy of a message that was signed has alike; empty: it cannot be told, as nothing names the message
    alike: Callable[[bytes, Header], tuple[str, ...]] = _body_alone
    keeps: tuple[str, ...] = ()  # headers by their lower-case names, without which its JSON cannot be read
    tells: str = "alert"  # what its sample tells of: an alert or a change

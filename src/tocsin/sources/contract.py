"""What a source is: a folder that turns one wire format into what was heard, without database, clock or network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.core.signals import Heard


class Unreadable(Exception):
    """A message cannot be read, now or ever; the text says why, to the person who looks after the integration."""


# body, the integration's mapping, the time of arrival
Parse = Callable[[bytes, Mapping[str, object], datetime], Sequence[Heard]]
# the secret, the body, a header by its lower-case name, the time of arrival
IsSigned = Callable[[str, bytes, Callable[[str], str], datetime], bool]


def _always(_: bytes) -> bool:
    return True


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
    signs_body: bool = True  # False: it only sends a token, and may say the very same again
    keeps: tuple[str, ...] = ()  # headers by their lower-case names, without which its JSON cannot be read
    tells: str = "alert"  # what its sample tells of: an alert or a change
    signs_time: str = ""  # the header with the time, in lower case, where the signature covers it
    repeats_after: timedelta | None = None  # when it may say the very same again; None: never

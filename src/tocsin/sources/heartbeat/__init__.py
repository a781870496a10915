"""Pings of cron jobs and workers, as Healthchecks hears them: `ingest.pings` puts each into an object of its own.

`{kind, exit_code, run_id, body, seconds}`. An exit code says success by 0, and failure by anything else.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from tocsin.core.signals import Beat, BeatKind
from tocsin.sources.contract import Source, Unreadable

_AGE = 1e9  # seconds
LONGEST = 10_000  # characters of what the job printed


class Kept(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A ping as it is stored."""

    kind: BeatKind = BeatKind.SUCCESS
    exit_code: int | None = None
    run_id: str = ""
    body: str = ""
    seconds: float | None = None


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> Sequence[Beat]:  # noqa: ARG001 - contract
    try:
        kept = msgspec.json.decode(body, type=Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"This is not a ping: {error}.") from error
    if kept.exit_code is not None and not 0 <= kept.exit_code <= 255:  # noqa: PLR2004 - as Unix has them
        raise Unreadable("This is not a ping: an exit code is from 0 to 255.")
    if kept.seconds is not None and not 0 <= kept.seconds < _AGE:
        raise Unreadable("This is not a ping: it cannot have taken so long.")
    text = kept.body.replace("\0", "")[:LONGEST]  # PostgreSQL stores no NUL
    run_id = kept.run_id.replace("\0", "")[:64]
    return [Beat(kind=kept.kind, exit_code=kept.exit_code, run_id=run_id, body=text, seconds=kept.seconds)]


SAMPLE = b'{"kind": "fail", "exit_code": 3, "body": "No space left on device"}'

SETUP = """\
Let the job call this address when it has succeeded; `/start`, `/fail`, `/log` or its exit code may follow:

  curl -fsS -m 10 --retry 5 {url}
"""

SOURCE = Source(
    kind="heartbeat",
    label="Heartbeat",
    about="A job that should be heard of pings this address.",
    parse=parse,
    path="/ping/{key}",
    sample=SAMPLE,
    setup=SETUP,
    is_own=True,
)

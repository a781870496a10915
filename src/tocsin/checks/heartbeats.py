"""What a heartbeat's row says, as `core.heartbeats` decides about it."""

from datetime import datetime, timedelta

from tocsin.checks import rhythms, settling
from tocsin.checks.configs import HeartbeatConfig, read_as
from tocsin.checks.models import Check, Ping
from tocsin.checks.settling import News
from tocsin.core import heartbeats
from tocsin.core.heartbeats import Pulse, Reason
from tocsin.core.signals import BeatKind
from tocsin.ui import times

LONGEST_OUTPUT = 2000  # characters of what the job printed, in its alert
FIELDS = (
    "state", "reason", "since", "is_alerting", "last_at", "expected_at", "runs", "is_heard", "is_failed", "next_due",
)  # fmt: skip


def config_of(check: Check) -> HeartbeatConfig:
    return read_as(HeartbeatConfig, check.config)


def look(check: Check, now: datetime, ping: Ping | None = None) -> None:
    """Decides, tells when something changed, and saves. In a transaction, with the row locked.

    `ping`: the one that has just come.
    """
    verdict = heartbeats.decide(_pulse(check), now)
    if not check.is_paused:
        reason = _sentence(check, verdict.reason, ping)
        settling.settle(check, verdict.state, reason, _news(check, verdict.reason, ping), now)
    check.next_due = verdict.next_due
    check.save(update_fields=FIELDS)


def hear(check: Check, ping: Ping) -> None:
    """What a ping changes; `look` says what it means. Sets how long the run took whose start is known."""
    runs = runs_of(check)
    if ping.kind == BeatKind.START:
        runs = dict(heartbeats.begin(runs, ping.run_id, ping.at))
    elif ping.kind in {BeatKind.SUCCESS, BeatKind.FAIL}:
        left, begun_at = heartbeats.end(runs, ping.run_id)
        runs = dict(left)
        if begun_at is not None:
            ping.seconds = max(0.0, (ping.at - begun_at).total_seconds())
        _end(check, ping)
    check.runs = {key: at.isoformat() for key, at in runs.items()}
    check.last_at = ping.at


def runs_of(check: Check) -> dict[str, datetime]:
    return {key: datetime.fromisoformat(at) for key, at in check.runs.items()}


def begin_anew(check: Check, now: datetime) -> None:
    """After a pause, or with another rhythm: nothing is held against it, and from now on it is waited for.

    One that was never heard of is waited for only from its first success.
    """
    waits = check.is_heard or check.expected_at is not None
    check.runs, check.is_heard, check.is_failed = {}, False, False
    check.expected_at = expected(check, now) if waits else None


def expected(check: Check, at: datetime) -> datetime:
    return rhythms.after(config_of(check), at)


def _end(check: Check, ping: Ping) -> None:
    check.is_failed = ping.kind == BeatKind.FAIL
    if not check.is_failed:
        check.is_heard = True
        check.expected_at = expected(check, ping.at)


def _pulse(check: Check) -> Pulse:
    config = config_of(check)
    return Pulse(
        grace=timedelta(seconds=config.grace),
        longest_run=timedelta(seconds=config.longest_run),
        expected_at=check.expected_at,
        begun_at=min(runs_of(check).values(), default=None),
        is_heard=check.is_heard,
        is_failed=check.is_failed,
        is_paused=check.is_paused,
    )


def _sentence(check: Check, reason: Reason, ping: Ping | None) -> str:
    has_failed = ping is not None and ping.kind == BeatKind.FAIL
    if reason is Reason.FAILED and not has_failed:
        return check.reason  # what comes after the failure says nothing new about it
    if reason is Reason.FAILED and ping is not None and ping.exit_code:
        return f"The job ended with exit code {ping.exit_code}."
    return reason.sentence


def _news(check: Check, reason: Reason, ping: Ping | None) -> News:
    last = ping or check.pings.first()
    details = {
        "expected": check.expected_at and check.expected_at.isoformat(timespec="seconds"),
        "last ping": last and f"{last.kind} at {last.at.isoformat(timespec='seconds')}",
        "output": last and last.body[:LONGEST_OUTPUT],
    }
    return News(summary=f"{check.name} {_what(check, reason, ping)}", details={k: v for k, v in details.items() if v})


def _what(check: Check, reason: Reason, ping: Ping | None) -> str:
    match reason:
        case Reason.FAILED if ping is not None and ping.exit_code:
            return f"failed with exit code {ping.exit_code}"
        case Reason.FAILED:
            return "failed"
        case Reason.OVERRAN:
            longest = times.span(timedelta(seconds=config_of(check).longest_run))
            return f"began and did not end within {longest}"
        case _:
            return "was not heard of in time"

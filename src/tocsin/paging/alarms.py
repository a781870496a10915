"""What paging itself has to complain about: banners, so that nothing ends in silence."""

from collections.abc import Iterable
from datetime import datetime

from tocsin.channels.contract import Content
from tocsin.core.escalation import Reason, Status
from tocsin.core.signals import Urgency
from tocsin.health import problems
from tocsin.paging.messages import GROUP_PATH, public
from tocsin.paging.models import Escalation
from tocsin.people.noticing import notify
from tocsin.people.queries import stewards

UNANSWERED = "pages nobody answers"
NOBODY = "nobody to page"
LOUD = (Reason.CATCH_ALL_PAGED, Reason.CATCH_ALL_WIDENED, Reason.NOBODY_AT_ALL, Reason.CATCH_ALL_FAILED)


def sound(reasons: Iterable[Reason], now: datetime) -> None:
    """After a batch: say so when somebody's last resort was used, or failed."""
    seen = set(reasons)
    if Reason.CATCH_ALL_PAGED in seen:
        problems.report(
            UNANSWERED,
            "A page has gone through every step and nobody has acknowledged it",
            "The catch-all was paged and is paged again every 30 minutes. Acknowledge or resolve the alert.",
            "/alerts/?state=triggered",
            now,
        )
    if seen & {Reason.NOBODY_AT_ALL, Reason.CATCH_ALL_FAILED}:
        problems.report(
            NOBODY,
            "An alert reaches nobody",
            "Every step and the catch-all of its policy are empty, or every page to them failed. Nothing was lost: "
            "Tocsin tries again every minute. Verify a contact method of an owner or admin.",
            "/alerts/?state=triggered",
            now,
        )


def calm(before: Iterable[str], now: datetime) -> None:
    """After something was answered: `before` are the reasons the rows had."""
    if set(before).isdisjoint(LOUD):
        return
    running = Escalation.objects.filter(status=Status.RUNNING)
    if not running.filter(reason__in=LOUD).exists():
        problems.over(UNANSWERED, now)
    if not running.filter(reason__in=LOUD[2:]).exists():
        problems.over(NOBODY, now)


def broken(row: Escalation, now: datetime) -> None:
    problems.report(
        _broken(row.pk),
        "An escalation could not run as planned",
        f"{row.error} Nothing was lost: every owner and admin is paged in its place until it is acknowledged. "
        "Look at the alert, then at its escalation policy.",
        GROUP_PATH.format(pk=row.group_id) if row.group_id else "",
        now,
    )


def unrunnable(pk: int, error: str, now: datetime) -> None:
    """Not even the emergency's pages could be made: every owner and admin is told that much, every half hour."""
    title, url = "An escalation cannot run at all", "/alerts/?state=triggered"
    text = f"{error} Tocsin tries again every minute. Look at the alerts that nobody has acknowledged."
    problems.report(_broken(pk), title, text, url, now)
    content = Content(purpose="notice", title=title, text=text, url=public(url))
    notify(stewards(), content, f"unrunnable-{pk}-{now.timestamp() // 1800:.0f}", now, urgency=Urgency.HIGH)


def mended(row: Escalation, now: datetime) -> None:
    if row.error:
        problems.over(_broken(row.pk), now)


def _broken(pk: int) -> str:
    return f"escalation {pk}"

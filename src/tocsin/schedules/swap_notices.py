"""What is said about swaps, to whom it concerns."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings

from tocsin.channels.contract import Content
from tocsin.core.wall import Unloadable, zone_of
from tocsin.people.notices import tell
from tocsin.schedules.models import SwapRequest

_WORDS = {
    "accepted": ("{who} takes your shift", "{who} is on call in {schedule} from {shift}.{back}"),
    "declined": ("Nobody takes your shift", "Your shift in {schedule} from {shift} stays yours: {who} declined."),
    "withdrawn": ("{asker} needs nobody any more", "The request about {schedule} from {shift} is withdrawn."),
    "cancelled": ("{who} cancelled the swap", "In {schedule}, {shift}, the rotation counts again.{back}"),
    "expired": ("Nobody took your shift", "Your shift in {schedule} has begun; nobody took it. You are on call."),
}


def tell_asked(swap: SwapRequest, people: Collection[int], now: datetime) -> bool:
    """False: there is nobody to ask."""
    note = f" “{swap.note}”" if swap.note else ""
    whose = f"{swap.asker.name} asks {'you' if swap.asked_id else 'the team'}"
    text = f"{whose} to take the shift in {swap.schedule.name} from {_shift(swap)}.{_back(swap)}{note}"
    _put(swap, "asked", people, f"Can you take {swap.asker.name}’s shift?", text, now)
    return bool(people)


def tell_of(swap: SwapRequest, what: str, people: Collection[int], who: str, now: datetime) -> None:
    words = {
        "who": who,
        "asker": swap.asker.name,
        "schedule": swap.schedule.name,
        "shift": _shift(swap),
        "back": _back(swap),
    }
    title, text = (sentence.format_map(words) for sentence in _WORDS[what])
    _put(swap, what, people, title, text, now)


def _put(swap: SwapRequest, what: str, people: Collection[int], title: str, text: str, now: datetime) -> None:
    url = f"{settings.PUBLIC_URL.rstrip('/')}/swaps/{swap.pk}/"
    content = Content(purpose="notice", title=title, text=text, url=url, urgency="low")
    tell(people, content, f"swap {swap.pk} {what}", now)


def _shift(swap: SwapRequest) -> str:
    return _span(swap.starts_at, swap.ends_at, swap.schedule.time_zone)


def _back(swap: SwapRequest) -> str:
    if swap.back_starts_at is None or swap.back_ends_at is None:
        return ""
    span = _span(swap.back_starts_at, swap.back_ends_at, swap.schedule.time_zone)
    return f" In exchange {swap.asker.name} takes {span}."


def _span(starts: datetime, ends: datetime, zone: str) -> str:
    try:
        known = zone_of(zone)
    except Unloadable:  # the schedule is broken and says so elsewhere; its requests end all the same
        known, zone = zone_of("UTC"), "UTC"
    low, high = starts.astimezone(known), ends.astimezone(known)
    return f"{low:%a} {low.day} {low:%b %H:%M} to {high:%a} {high.day} {high:%b %H:%M} ({zone})"

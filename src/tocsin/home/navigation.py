"""The main navigation."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Item:
    url: str
    label: str
    icon: str
    current: bool
    count: int = 0
    counted: str = ""  # what the number counts


PLACES = (
    ("/", "Home", "home"),
    ("/alerts/", "Alerts", "bell"),
    ("/on-call/", "On call", "phone"),
    ("/schedules/", "Schedules", "calendar"),
    ("/policies/", "Policies", "ladder"),
    ("/services/", "Services", "box"),
    ("/changes/", "Changes", "undo"),
    ("/checks/", "Checks", "pulse"),
    ("/deliveries/", "Deliveries", "send"),
    ("/settings/", "Settings", "gear"),
)
# pages that belong to an item without lying under it
_UNDER = {
    "/events/": "/alerts/",
    "/silences/": "/alerts/",
    "/integrations/": "/services/",
    "/slos/": "/services/",
    "/people/": "/settings/",
    "/handoffs/": "/on-call/",
    "/care/": "/on-call/",
    "/teams/": "/settings/",
    "/routes/": "/settings/",
    "/urgency-rules/": "/settings/",
    "/inhibitions/": "/settings/",
    "/maintenance/": "/settings/",
}


def items(path: str, triggered: int) -> list[Item]:
    here = next((owner for prefix, owner in _UNDER.items() if path.startswith(prefix)), path)
    return [_item(url, label, icon, here, triggered if url == "/alerts/" else 0) for url, label, icon in PLACES]


def _item(url: str, label: str, icon: str, here: str, count: int) -> Item:
    current = here == url if url == "/" else here.startswith(url)
    return Item(url=url, label=label, icon=icon, current=current, count=count, counted="triggered")

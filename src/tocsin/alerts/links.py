"""Where to look: the links of a service and of its alerts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tocsin.alerts.models import Alert
from tocsin.services.models import Service

_ICONS = {"runbook": "book", "dashboard": "chart", "panel": "chart", "graph": "chart", "logs": "log", "chat": "chat"}
_OF_SERVICE = (("runbook_url", "Runbook"), ("dashboard_url", "Dashboard"), ("logs_url", "Logs"), ("chat_url", "Chat"))


@dataclass(frozen=True, kw_only=True)
class Shown:
    href: str
    text: str
    icon: str


def of_service(service: Service) -> list[Shown]:
    return [shown(href, text) for name, text in _OF_SERVICE if (href := getattr(service, name))]


def of_group(service: Service, alerts: Iterable[Alert]) -> list[Shown]:
    """What the alerts say first, as it is about this very problem; each address once, and no
    two by one name."""
    brought = [link for alert in alerts for link in (*alert.links, *map(_of_image, alert.images))]
    said = [shown(str(link.get("href")), str(link.get("text") or "")) for link in brought if is_web(link.get("href"))]
    own = [_told_apart(link, said, service) for link in of_service(service)]
    links: dict[str, Shown] = {}
    for link in (*said, *own):
        links.setdefault(link.href, link)
    return list(links.values())


def _told_apart(link: Shown, others: Iterable[Shown], service: Service) -> Shown:
    is_like = any(other.text.startswith(link.text) for other in others)
    return replace(link, text=f"{link.text} of {service}") if is_like else link


def shown(href: str, text: str) -> Shown:
    icon = next((icon for word, icon in _ICONS.items() if word in text.lower()), "external")
    return Shown(href=href, text=text[:1].upper() + text[1:] or href, icon=icon)


def is_web(href: object) -> bool:
    """What a monitoring tool sends is not ours: a link that runs something is not made into one."""
    return isinstance(href, str) and href.lower().startswith(("https://", "http://"))


def _of_image(image: Mapping[str, str]) -> Mapping[str, str]:
    """Images of other sites are linked, not shown: loading them would tell those sites who looks."""
    return {"href": image.get("href") or image.get("src") or "", "text": image.get("alt") or "Image"}

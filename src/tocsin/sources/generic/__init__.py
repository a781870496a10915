"""Any JSON: read by its usual names, or by a mapping of JMESPath expressions and Jinja templates.

A mapping names the fields of an alert. A value with `{{` or `{%` is a template, which sees the fields of the item and
the whole message as `event`; every other is a JMESPath expression. `each` finds the items when a message carries
several. `severities` and `actions` translate the tool's words.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from tocsin.core.signals import Action, Image, Severity, Signal
from tocsin.sources import texts
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.generic import usual
from tocsin.sources.generic.mapping import FIELDS, Item, check, check_all, find, items

Found = Mapping[str, object]  # each of FIELDS, as the message has it


def read(body: bytes) -> object:
    """`Unreadable` when it is no JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"The JSON cannot be read: {error}.") from error


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Signal]:  # noqa: ARG001 - contract
    return signals(read(body), mapping)


def signals(event: object, mapping: Mapping[str, object]) -> list[Signal]:
    """Of any JSON value."""
    check(mapping)
    return [_signal(item, mapping) for item in items(event, mapping)]


def _signal(item: Item, mapping: Mapping[str, object]) -> Signal:
    found = {name: _found(name, item, mapping) for name in FIELDS}
    action = _action(found["action"], mapping)
    summary = texts.summary(_text(found["summary"]))
    key = _key(found["dedup_key"], summary, action)
    if action is not Action.TRIGGER:
        return Signal(action=action, dedup_key=key)
    if not summary:
        raise Unreadable("There is no summary. Send `summary`, or map it to the field that says what is wrong.")
    return _trigger(item, found, key, _severity(found["severity"], mapping))


def _trigger(item: Item, found: Found, key: str, severity: Severity) -> Signal:
    return Signal(
        action=Action.TRIGGER,
        dedup_key=key,
        summary=texts.summary(_text(found["summary"])),
        severity=severity,
        source=texts.name(_text(found["source"])),
        component=texts.name(_text(found["component"])),
        details=_details(found["details"], item),
        links=texts.links([*_links(found["links"]), (found["link"], "Open in the tool")]),
        images=tuple(Image(src=str(src)) for src, _ in _links(found["images"]) if texts.is_web(src)),
    )


def _found(name: str, item: Item, mapping: Mapping[str, object]) -> object:
    return find(name, mapping[name], item) if name in mapping else usual.find(name, item.value)


def _action(word: object, mapping: Mapping[str, object]) -> Action:
    """A word that nobody knows triggers: better once too often than never."""
    said = _text(word).lower()
    return Action(_translated("actions", said, mapping) or usual.ACTIONS.get(said, Action.TRIGGER))


def _severity(word: object, mapping: Mapping[str, object]) -> Severity:
    said = _text(word).lower()
    return Severity(_translated("severities", said, mapping) or texts.severity_of(said))


def _translated(table: str, said: str, mapping: Mapping[str, object]) -> str:
    words = mapping.get(table)
    if not isinstance(words, Mapping):
        return ""
    return next((str(ours) for theirs, ours in words.items() if str(theirs).lower() == said), "")


def _key(found: object, summary: str, action: Action) -> str:
    if key := _text(found):
        return texts.key(key)
    if not summary:
        raise Unreadable(f"A message to {action.value} an alert needs `dedup_key`, or the `summary` of the alert.")
    # without a key, the same words are the same problem
    return hashlib.sha256(summary.encode()).hexdigest()[:32]


def _details(found: object, item: Item) -> dict[str, object]:
    chosen = item.value if found is None else found
    return dict(chosen) if isinstance(chosen, Mapping) else {"details": chosen}


def _links(found: object) -> list[tuple[object, object]]:
    """Addresses, or objects with href (or url, or src) and text."""
    listed = found if isinstance(found, Sequence) and not isinstance(found, str) else [found]
    return [_link(link) for link in listed]


def _link(link: object) -> tuple[object, object]:
    if not isinstance(link, Mapping):
        return link, link
    href = link.get("href") or link.get("url") or link.get("src")
    return href, link.get("text") or link.get("title") or href


def _text(value: object) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value).strip()


SAMPLE = b"""{
  "summary": "Disk of db1 is 91 % full",
  "severity": "warning",
  "status": "firing",
  "dedup_key": "db1/disk",
  "source": "db1",
  "component": "postgresql",
  "details": {"mount": "/var/lib/postgresql", "free": "18 GB"},
  "link": "https://grafana.example.org/d/disks"
}"""

SETUP = """\
Send JSON with a POST, for example as

curl {url} --json @alert.json

where alert.json has `summary`, and if you like `severity` (critical, error, warning, info), `dedup_key`, `source`,
`component`, `details` and `link`. When it is over, send the same `dedup_key` with `status` set to resolved.

Tools that send other names are read by a mapping, which can be tried on a message before it is saved.
"""

SOURCE = Source(
    kind="generic",
    label="Generic JSON",
    about="Anything that can POST JSON; a mapping says which field is what.",
    parse=parse,
    path="/in/generic/{key}",
    sample=SAMPLE,
    setup=SETUP,
    check=read,
    fits=check_all,
)

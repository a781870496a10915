"""What a database refuses to keep. PostgreSQL takes no NUL in text or JSON; an alert is not lost for one."""

from dataclasses import replace

from tocsin.core import storable
from tocsin.core.signals import Signal


def without_nul(signal: Signal) -> Signal:
    clean = storable.text
    return replace(
        signal,
        dedup_key=clean(signal.dedup_key),
        summary=clean(signal.summary),
        note=clean(signal.note),
        author=clean(signal.author),
        source=clean(signal.source),
        component=clean(signal.component),
        details={clean(k): storable.json(v) for k, v in signal.details.items()},
        links=tuple(replace(link, href=clean(link.href), text=clean(link.text)) for link in signal.links),
        images=tuple(replace(i, src=clean(i.src), href=clean(i.href), alt=clean(i.alt)) for i in signal.images),
    )

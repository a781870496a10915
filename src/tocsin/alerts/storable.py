"""What a database refuses to keep. PostgreSQL takes no NUL in text or JSON; an alert is not lost for one."""

from dataclasses import replace

from tocsin.core.signals import Signal


def without_nul(signal: Signal) -> Signal:
    return replace(
        signal,
        dedup_key=_clean(signal.dedup_key),
        summary=_clean(signal.summary),
        source=_clean(signal.source),
        component=_clean(signal.component),
        details={_clean(k): _cleaned(v) for k, v in signal.details.items()},
        links=tuple(replace(link, href=_clean(link.href), text=_clean(link.text)) for link in signal.links),
        images=tuple(replace(i, src=_clean(i.src), href=_clean(i.href), alt=_clean(i.alt)) for i in signal.images),
    )


def _clean(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _cleaned(value: object) -> object:
    match value:
        case str():
            return _clean(value)
        case list():
            return [_cleaned(v) for v in value]
        case dict():
            return {_clean(k): _cleaned(v) for k, v in value.items()}
    return value

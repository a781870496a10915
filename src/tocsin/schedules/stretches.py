"""Segments as people read them: a stretch lasts while the same people are on call, whatever puts them there."""

from collections.abc import Iterable
from dataclasses import replace

from tocsin.core.rota import Segment


def stretches(segments: Iterable[Segment]) -> list[Segment]:
    """Of neighbours with the same people one, with the sources of all of them."""
    found: list[Segment] = []
    for segment in segments:
        last = found[-1] if found else None
        if last and (last.people, last.shadows, last.ends_at) == (segment.people, segment.shadows, segment.starts_at):
            sources = tuple(dict.fromkeys((*last.sources, *segment.sources)))
            found[-1] = replace(last, ends_at=segment.ends_at, sources=sources)
        else:
            found.append(segment)
    return found

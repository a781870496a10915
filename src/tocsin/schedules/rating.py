"""How good a schedule is, for its page and the API."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.core.quality import Quality, quality
from tocsin.core.rota import Layer, final
from tocsin.people.models import User
from tocsin.people.queries import users_of
from tocsin.schedules import queries
from tocsin.schedules.models import Schedule

_COVERED = timedelta(weeks=4)  # a gap further ahead can still be mended
_SHARED = timedelta(weeks=52)  # long enough for everybody's turn to come round


@dataclass(frozen=True, kw_only=True)
class Rating:
    quality: Quality
    loads: tuple[tuple[User, float], ...]  # percent of the load, the heaviest first

    @property
    def coverage(self) -> float:
        """In percent; not 100.0 while there is any gap."""
        percent = 100 * self.quality.coverage
        return min(99.9, percent) if self.quality.coverage < 1 else percent

    @property
    def balance(self) -> float:
        return 100 * self.quality.balance


def rating(schedule: Schedule, now: datetime) -> Rating:
    """Coverage of the next four weeks, balance over the next year. `Unloadable` for a broken schedule."""
    rota = queries.rota_of([schedule.pk], (now, now + _SHARED))[schedule.pk]
    people = {p for layer in rota.layers if isinstance(layer, Layer) for slot in layer.slots for p in slot}
    shared = quality(final(rota, now, now + _SHARED), people)
    found = replace(shared, coverage=quality(final(rota, now, now + _COVERED)).coverage)
    users = users_of(load.person for load in found.loads)
    loads = tuple((users[load.person], 100 * load.share) for load in found.loads if load.person in users)
    return Rating(quality=found, loads=loads)

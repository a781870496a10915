"""What a team pays, and by which calendar."""

from datetime import datetime

from tocsin.care.models import Terms
from tocsin.core.permissions import Actor, Verb, require
from tocsin.people.countries import check_country
from tocsin.people.models import Team
from tocsin.people.problems import Refused
from tocsin.people.writing import change, check_fields, check_zone, create

FIELDS = (
    "time_zone",
    "country",
    "works_from",
    "works_until",
    "currency",
    "working",
    "off_hours",
    "weekend",
    "holiday",
    "minutes_a_wake_up",
)


def set_terms(actor: Actor, team: Team, now: datetime, **changes: object) -> Terms:
    """Reports of the past are computed by them too: export what was paid."""
    require(actor, Verb.MANAGE_PEOPLE)
    check_fields(changes, FIELDS)
    _check(changes)
    found = Terms.objects.filter(team=team).first()
    return change(actor, found, now, changes) if found else create(actor, Terms(team=team, **changes), now)


def _check(changes: dict[str, object]) -> None:
    if "time_zone" in changes:
        check_zone(str(changes["time_zone"]))
    if changes.get("country"):
        check_country(str(changes["country"]))
    if "currency" in changes:
        changes["currency"] = _currency(str(changes["currency"]))


def _currency(text: str) -> str:
    code = text.strip().upper()
    if len(code) != len("EUR") or not (code.isascii() and code.isalpha()):
        sentence = "A currency has three letters, such as EUR."
        raise Refused(sentence, {"currency": sentence})
    return code

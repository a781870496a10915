"""Looking at escalation policies, and trying them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tocsin import clock
from tocsin.core.escalation import Snapshot, Target
from tocsin.core.signals import Urgency
from tocsin.people.middleware import ActorRequest
from tocsin.people.models import User
from tocsin.people.pages import show
from tocsin.people.queries import users_of
from tocsin.policies import queries
from tocsin.policies.forms import SimulateForm
from tocsin.policies.queries import Defect, Line
from tocsin.policies.resolving import Found, look
from tocsin.policies.snapshots import snapshot_of

_SUNDAY = 6


@dataclass(frozen=True, kw_only=True)
class Paged:
    """A target and who it means now."""

    target: Target
    people: list[User]
    why: str


@dataclass(frozen=True, kw_only=True)
class Place:
    name: str  # as defects call it
    after: timedelta  # since the alert, the first time through
    delay: timedelta | None  # to the next step
    targets: list[Paged]
    defects: list[Defect]
    when: str = ""  # the condition, in words
    answers: int = 1


@dataclass(frozen=True, kw_only=True)
class Simulated:
    shown: list[Line]
    rounds: int = 0  # how often the steps run, where only the first time is shown


@require_safe
def policies(request: ActorRequest) -> HttpResponse:
    now = clock.now()
    rows = [{"policy": row, "defects": queries.defects(row, now)} for row in queries.policies(request.actor)]
    return show(request, "policies/policies.html", {"rows": rows})


@require_safe
def policy(request: ActorRequest, slug: str) -> HttpResponse:
    found, now = queries.policy(request.actor, slug), clock.now()
    snapshot = snapshot_of(found)
    defects = queries.defects(found, now)
    form = SimulateForm(request.GET if "at" in request.GET else None, initial={"at": night(now), "urgency": "high"})
    at, urgency = _asked(form, now)
    context = {
        "policy": found,
        "snapshot": snapshot,
        "places": places(snapshot, defects, now),
        "defects": [defect for defect in defects if defect.where == "Policy"],
        "form": form,
        "at": at,
        "urgency": urgency,
        "now_lines": folded(queries.simulate(found, now, urgency)),
        "then_lines": folded(queries.simulate(found, at, urgency)),
    }
    return show(request, "policies/policy.html", context)


def places(snapshot: Snapshot, defects: list[Defect], now: datetime) -> list[Place]:
    """The steps on one clock, and the catch-all after all rounds."""
    found = look({t for step in snapshot.steps for t in step.targets} | set(snapshot.catch_all), now)
    users = users_of(p for each in found.values() for p in each.people)
    rows, after = [], timedelta()
    for number, step in enumerate(snapshot.steps, 1):
        row = _place(f"Step {number}", after, step.delay, _paged(step.targets, found, users), defects)
        rows.append(replace(row, when=step.when.in_words, answers=step.answers))
        after += step.delay if step.targets else timedelta()  # a step that pages nobody is passed over at once
    again = sum((step.delay for step in snapshot.steps[snapshot.repeat_from :] if step.targets), timedelta())
    end = after + again * snapshot.repeats
    return [*rows, _place("Catch-all", end, None, _paged(snapshot.catch_all, found, users), defects)]


def folded(lines: list[Line]) -> Simulated:
    """Later rounds that page the same people as the first say nothing new."""
    first = {line.where: (line.people, line.methods) for line in lines if line.round == 1}
    later = [line for line in lines if line.round > 1 and line.where in first]
    if not later or any((line.people, line.methods) != first[line.where] for line in later):
        return Simulated(shown=lines)
    return Simulated(shown=[line for line in lines if line not in later], rounds=max(line.round for line in later))


def night(now: datetime) -> datetime:
    """Next Sunday at 03:00 on the viewer's clock, when nobody would look."""
    local = timezone.localtime(now)
    days = (_SUNDAY - local.weekday()) % 7 or 7
    return (local + timedelta(days=days)).replace(hour=3, minute=0, second=0, microsecond=0)


def _asked(form: SimulateForm, now: datetime) -> tuple[datetime, Urgency]:
    typed = form.cleaned_data if form.is_valid() else {}
    return typed.get("at") or night(now), Urgency(typed.get("urgency") or Urgency.HIGH)


def _place(name: str, after: timedelta, delay: timedelta | None, paged: list[Paged], defects: list[Defect]) -> Place:
    here = [defect for defect in defects if defect.where == name]
    return Place(name=name, after=after, delay=delay, targets=paged, defects=here)


def _paged(targets: tuple[Target, ...], found: dict[Target, Found], users: dict[int, User]) -> list[Paged]:
    return [
        Paged(target=t, people=[users[p] for p in found[t].people if p in users], why=found[t].why) for t in targets
    ]

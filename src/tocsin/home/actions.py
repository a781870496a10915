"""What the first run sets up: with what a small team means by it, so that nobody has to know every screen first."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from tocsin.audit.actions import record
from tocsin.core.escalation import Target, TargetKind
from tocsin.core.permissions import Actor, Role, Verb, require
from tocsin.core.rotation import Layer, Unit
from tocsin.health import settings
from tocsin.health.models import Setting
from tocsin.people import actions as people
from tocsin.people.actions import Invited
from tocsin.people.models import Team, User
from tocsin.policies import actions as policies
from tocsin.policies import queries as policy_queries
from tocsin.policies.actions import StepSpec
from tocsin.policies.models import EscalationPolicy
from tocsin.schedules import actions as schedules
from tocsin.schedules.models import Schedule
from tocsin.services import actions as services
from tocsin.services.models import Integration

HANDOFF = time(9)
STEP_MINUTES = 5


@dataclass(frozen=True, kw_only=True)
class Formed:
    team: Team
    invited: list[Invited]


def form_team(actor: Actor, name: str, entries: list[tuple[str, str]], now: datetime) -> Formed:
    """A team that the actor leads, and an invitation for everybody else. One who is refused stops nobody."""
    team = people.create_team(actor, name, now)
    me = [actor.user_id] if actor.user_id else []
    people.set_members(actor, team, me, now, leads=me)
    return Formed(team=team, invited=people.invite_many(actor, entries, Role.RESPONDER, team, now))


def start_rotation(
    actor: Actor, name: str, time_zone: str, order: list[User], team: Team | None, now: datetime
) -> Schedule:
    """A weekly rotation that changes hands on Mondays at nine, and a policy that pages it."""
    with transaction.atomic():
        schedule = schedules.create_schedule(actor, name, time_zone, now, team=team)
        layer = Layer(
            name="Weekly",
            unit=Unit.WEEK,
            every=1,
            starts_on=_last_handoff(now.astimezone(ZoneInfo(time_zone))),
            handoff_at=HANDOFF,
            slots=tuple((person.pk,) for person in order),
        )
        schedules.save_layers(actor, schedule, [layer], now)
        _policy_for(actor, schedule, team, now)
    return schedule


def first_service(actor: Actor, name: str, kind: str, label: str, now: datetime) -> tuple[Integration, str]:
    """A service with one integration, and the integration's key."""
    with transaction.atomic():
        policy = policy_queries.policies(actor).first() or _policy_of_stewards(actor, now)
        service = services.create_service(actor, name, policy, now, team=policy.team)
        return services.create_integration(actor, service, kind, label, now)


def hide_setup(actor: Actor, now: datetime) -> None:
    """The first steps are put away for everybody, whether done or not."""
    require(actor, Verb.MANAGE_PEOPLE)
    with transaction.atomic():
        settings.put("setup hidden", value=True)
        record(actor, "changed", Setting.objects.get(name="setup hidden"), now, after={"hidden": True})


def _last_handoff(local: datetime) -> date:
    """The Monday on which the running week was handed over, so that the first person is on call at once."""
    monday = local.date() - timedelta(days=local.weekday())
    return monday if local.weekday() or local.time() >= HANDOFF else monday - timedelta(days=7)


def _policy_for(actor: Actor, schedule: Schedule, team: Team | None, now: datetime) -> EscalationPolicy:
    """Who is on call, then the whole team, and at the end every owner and admin."""
    policy = policies.create_policy(actor, _free_name(actor, schedule.name), now, team=team)
    first = Target(kind=TargetKind.SCHEDULE, id=schedule.pk, name=schedule.name)
    steps = [StepSpec(delay_minutes=STEP_MINUTES, targets=(first,))]
    if team is not None:
        everybody = Target(kind=TargetKind.TEAM, id=team.pk, name=team.name)
        steps.append(StepSpec(delay_minutes=STEP_MINUTES, targets=(everybody,)))
    policies.save_steps(actor, policy, steps, [], now)
    return policy


def _policy_of_stewards(actor: Actor, now: datetime) -> EscalationPolicy:
    policy = policies.create_policy(actor, "Owners and admins", now)
    everybody = Target(kind=TargetKind.STEWARDS, id=0, name="every owner and admin")
    policies.save_steps(actor, policy, [], [everybody], now)
    return policy


def _free_name(actor: Actor, name: str) -> str:
    taken = policy_queries.policies(actor).filter(name=name).exists()
    return f"{name} escalation" if taken else name

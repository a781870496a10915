"""A small world for stories: people with phones, a monitoring tool, and time that goes forward.

Everything is real but the providers: the outbox is drained as the engine drains it, and what would leave the building
is kept in `Network`. A message that nobody expected fails the test at `nothing_else`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Min

from tests.apps.hearing import Source
from tests.conftest import NOON
from tocsin.alerts.models import Alert, AlertGroup, Applied, Weather
from tocsin.alerts.reviewing import next_beginning
from tocsin.channels.contract import Content, Failed, Letter, Result, Retry, Sent
from tocsin.checks.models import Check
from tocsin.core.escalation import STEWARDS, Target, TargetKind
from tocsin.core.permissions import Actor, Role, Verb
from tocsin.core.signals import Urgency
from tocsin.engine import sender, tick
from tocsin.outbox import claims
from tocsin.outbox.models import Message
from tocsin.paging import actions, links
from tocsin.paging.answering import Answer
from tocsin.paging.models import Escalation, Notification
from tocsin.people import actions as people
from tocsin.people.models import Team, User
from tocsin.people.queries import actor_of
from tocsin.policies.actions import StepSpec, create_policy, save_steps
from tocsin.policies.models import EscalationPolicy
from tocsin.rules import rulebook
from tocsin.schedules.models import Schedule
from tocsin.services.actions import create_integration, create_service
from tocsin.services.models import Service

SETUP = Actor(user_id=None, name="test", via="cli", verbs=frozenset(Verb))


@dataclass
class Network:
    """Where the providers would be."""

    arrived: list[tuple[str, Content]] = field(default_factory=list)  # address, what was said; not yet expected
    answers: dict[str, Result] = field(default_factory=dict)  # by address; else it is sent

    def send(self, letter: Letter) -> Result:
        result = self.answers.get(letter.target, Sent(provider_id=letter.key))
        if isinstance(result, Sent):
            self.arrived.append((letter.target, letter.content))
        return result

    def takes_all(self) -> list[tuple[str, Content]]:
        """What is there and not yet expected, for a story that looks at all of it."""
        taken, self.arrived = self.arrived, []
        return taken


@dataclass
class Person:
    world: "World"
    user: User
    addresses: list[str]

    @property
    def actor(self) -> Actor:
        return actor_of(self.user, "web")

    @property
    def target(self) -> Target:
        return Target(kind=TargetKind.USER, id=self.user.pk, name=self.user.name)

    def expect_page(self, words: str, *, at: int = 0) -> Content:
        """One page with these words came to the address (the first, unless told), and is taken out."""
        address, inbox = self.addresses[at], self.world.network.arrived
        for index, (target, content) in enumerate(inbox):
            if target == address and words.lower() in f"{content.title} {content.text}".lower():
                del inbox[index]
                return content
        raise AssertionError(f"{self.user} was not paged about “{words}” at {address}; there is {self.world.seen()}")

    def acknowledges(self, group: AlertGroup | None = None) -> Answer:
        return actions.acknowledge((group or self.world.group()).pk, self.actor, self.world.now)

    def follows(self, content: Content) -> Answer | None:
        """Presses the button on the page that the link leads to."""
        token = content.ack_url.rstrip("/").rsplit("/", 1)[1]
        return links.acknowledge_by_link(token, self.world.now)

    def cannot_be_reached(self, *, at: int = 0) -> None:
        """The provider refuses the address for good."""
        self.world.network.answers[self.addresses[at]] = Failed(error="550 no such mailbox")

    def provider_is_down(self, *, at: int = 0) -> None:
        self.world.network.answers[self.addresses[at]] = Retry(error="connection refused")

    def provider_is_back(self, *, at: int = 0) -> None:
        self.world.network.answers.pop(self.addresses[at], None)


class World:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.network = Network()

    def person(
        self, name: str, role: Role = Role.RESPONDER, *, methods: Sequence[int] = (0,), zone: str = "UTC"
    ) -> Person:
        """With an e-mail address for each of `methods`: the seconds after a page at which it is used."""
        user = User(email=f"{name.lower()}@example.org", name=name, role=role, time_zone=zone, created_at=self.now)
        user.set_unusable_password()
        user.save()
        addresses = [f"{name.lower()}.{index}@example.org" for index in range(len(methods))]
        made = [people.issue_method(SETUP, user, "email", a, a, self.now) for a in addresses]
        if any(methods):
            rules = [(method.pk, delay) for method, delay in zip(made, methods, strict=True)]
            for urgency in (Urgency.HIGH, Urgency.LOW):
                people.set_rules(SETUP, user, urgency, rules, self.now)
        return Person(self, user, addresses)

    def owner(self, name: str = "Olga") -> Person:
        return self.person(name, Role.OWNER)

    def team(self, name: str, *members: Person) -> Team:
        team = people.create_team(SETUP, name, self.now)
        people.set_members(SETUP, team, [m.user.pk for m in members], self.now)
        return team

    def policy(
        self,
        *steps: Sequence["Person | Schedule | Team"],
        catch_all: Iterable["Person | Schedule | Team"] = (),
        repeats: int = 0,
        delay: int = 5,
        ack_timeout: int = 30,
    ) -> EscalationPolicy:
        name = f"Policy {EscalationPolicy.objects.count() + 1}"
        made = create_policy(SETUP, name, self.now, repeats=repeats, ack_timeout_high_minutes=ack_timeout)
        specs = [StepSpec(delay_minutes=delay, targets=tuple(map(target_of, step))) for step in steps]
        save_steps(SETUP, made, specs, tuple(map(target_of, catch_all)) or (STEWARDS,), self.now)
        return made

    def monitoring(self, policy: EscalationPolicy, service: str = "Checkout", **fields: object) -> "Monitoring":
        made = create_service(SETUP, service, policy, self.now)
        for name, value in ({"storm_threshold": 0} | fields).items():  # a storm is a story of its own
            setattr(made, name, value)
        made.save()
        integration, _ = create_integration(SETUP, made, "pagerduty", "Monitoring", self.now)
        return Monitoring(self, made, Source(integration))

    def forward(self, minutes: float = 0, seconds: float = 0) -> None:
        """Everything that falls due on the way happens at its own instant."""
        until = self.now + timedelta(minutes=minutes, seconds=seconds)
        self.settle()
        while (due := self._next_due()) is not None and due <= until:
            self.now = max(due, self.now)
            self.settle()
        self.now = until

    def settle(self) -> None:
        """All that there is to do at this instant."""
        while self.tick() + self.send():
            pass

    def tick(self) -> int:
        worked = tick.tick(self.now)
        assert not worked.failed
        return worked.anything

    def send(self) -> int:
        leased = claims.lease("test", self.now, 500)
        for message, letter in sender.letters_of(leased, self.now):
            result = letter if isinstance(letter, Failed) else self.network.send(letter)
            sender.record(message, result, self.now)
        return len(leased)

    def group(self) -> AlertGroup:
        """The only one, or the newest."""
        return AlertGroup.objects.order_by("-pk")[0]

    def escalation(self) -> Escalation:
        return Escalation.objects.order_by("-pk")[0]

    def history(self) -> list[str]:
        return list(self.group().entries.order_by("id").values_list("kind", flat=True))

    def seen(self) -> list[str]:
        return [f"{address}: {content.title}" for address, content in self.network.arrived] or ["nothing"]

    def nothing_else(self) -> None:
        assert not self.network.arrived, f"nobody expected {self.seen()}"

    def _next_due(self) -> datetime | None:
        waiting = [
            Escalation.objects.aggregate(due=Min("next_due"))["due"],
            Notification.objects.filter(state="waiting").aggregate(due=Min("due_at"))["due"],
            Check.objects.aggregate(due=Min("next_due"))["due"],
            Message.objects.filter(state__in=("pending", "unknown")).aggregate(due=Min("due_at"))["due"],
            Alert.objects.filter(resolved_at=None).aggregate(due=Min("review_at"))["due"],
            Alert.objects.filter(resolved_at=None).aggregate(due=Min("ends_at"))["due"],
            Weather.objects.aggregate(due=Min("ends_at"))["due"],
            self._rules_change_at(),
        ]
        return min((due for due in waiting if due is not None), default=None)

    def _rules_change_at(self) -> datetime | None:
        """When a silence, a window or hours begin or end next: what is open is looked at then."""
        applied = Applied.objects.first()
        return next_beginning(rulebook.rulebook(self.now), applied.at) if applied else None


@dataclass
class Monitoring:
    """The tool that watches one service."""

    world: World
    service: Service
    source: Source

    def fires(
        self, summary: str = "checkout is down", severity: str = "critical", key: str = "", **details: object
    ) -> None:
        self.source.triggers(key or summary, severity, summary, at=self.world.now, **details)
        self.world.settle()

    def recovers(self, key: str = "checkout is down") -> None:
        self.source.resolves(key, at=self.world.now)
        self.world.settle()


def target_of(whom: "Person | Schedule | Team") -> Target:
    if isinstance(whom, Person):
        return whom.target
    kind = TargetKind.TEAM if isinstance(whom, Team) else TargetKind.SCHEDULE
    return Target(kind=kind, id=whom.pk, name=whom.name)

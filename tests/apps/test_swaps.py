"""Swaps: asked of one, of all, or for a shift of theirs; answered once; undone until the shift begins."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.apps.domain import ADMIN, NOW, as_, person, role, schedule, team, weekly
from tocsin.audit.models import Record
from tocsin.core.permissions import Denied, Role
from tocsin.outbox.models import Message
from tocsin.people.actions import set_active
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.schedules import actions, queries, swap_queries, swaps
from tocsin.schedules.models import Schedule, SwapRequest

pytestmark = pytest.mark.django_db

GRACES = (datetime(2026, 3, 9, 8, tzinfo=UTC), datetime(2026, 3, 16, 8, tzinfo=UTC))  # 09:00 in Berlin
LINUSES = (datetime(2026, 3, 16, 8, tzinfo=UTC), datetime(2026, 3, 23, 8, tzinfo=UTC))
WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)


class Rota:
    """Ada, Grace and Linus take turns by the week; it is Ada's."""

    def __init__(self) -> None:
        self.ada, self.grace, self.linus = (person(name, email=True) for name in ("Ada", "Grace", "Linus"))
        self.schedule: Schedule = schedule("Primary", weekly(self.ada, self.grace, self.linus))

    def at(self, at: datetime) -> list[str]:
        segment = queries.on_call([self.schedule.pk], at)[self.schedule.pk]
        return [User.objects.get(pk=p).name for p in segment.people]

    def ask(self, **more: object) -> SwapRequest:
        return swaps.ask(as_(self.grace), self.schedule, GRACES, NOW, **more)  # type: ignore[arg-type]


@pytest.fixture
def rota() -> Rota:
    return Rota()


def said() -> dict[str, str]:
    """Who was told, and the title; the outbox is emptied."""
    rows = list(Message.objects.filter(purpose="notice").order_by("pk"))
    Message.objects.all().delete()
    return {str(row.target).partition("@")[0]: row.payload["title"] for row in rows}


def test_the_whole_team_is_asked_and_one_takes_it(rota: Rota) -> None:
    olga = person("Olga", email=True)
    rota.schedule.team = team("Platform", olga, rota.grace)
    rota.schedule.save()
    made = rota.ask(note="dentist")
    assert set(said()) == {"ada", "linus", "olga"}
    assert swap_queries.asked_of_me(as_(olga), NOW) == [made]
    assert swap_queries.asked_of_me(as_(rota.grace), NOW) == []
    swaps.accept(as_(olga), made, NOW)
    assert said() == {"grace": "Olga takes your shift"}
    assert rota.at(GRACES[0]) == ["Olga"]
    assert rota.at(GRACES[1]) == ["Linus"]
    (segment,) = queries.final(rota.schedule, *GRACES)
    assert segment.sources == ("layer Weekly", "swap with Grace")
    assert swap_queries.asked_of_me(as_(rota.ada), NOW) == []


def test_a_shift_is_traded_for_one_of_theirs(rota: Rota) -> None:
    made = rota.ask(of=rota.linus, back=LINUSES)
    assert set(said()) == {"linus"}
    swaps.accept(as_(rota.linus), made, NOW)
    assert [rota.at(GRACES[0]), rota.at(LINUSES[0])] == [["Linus"], ["Grace"]]


def test_a_swap_that_was_accepted_is_cancelled_by_either_and_the_rotation_counts_again(rota: Rota) -> None:
    made = rota.ask(of=rota.linus, back=LINUSES)
    swaps.accept(as_(rota.linus), made, NOW)
    said()
    swaps.cancel(as_(rota.linus), made, GRACES[0] - DAY)
    assert said() == {"grace": "Linus cancelled the swap"}
    assert [rota.at(GRACES[0]), rota.at(LINUSES[0])] == [["Grace"], ["Linus"]]
    assert made.state == "cancelled"


def test_a_swap_that_was_passed_on_is_cancelled_after_the_one_that_builds_on_it(rota: Rota) -> None:
    """Else Linus would believe to be on call."""
    first = rota.ask(of=rota.ada)
    swaps.accept(as_(rota.ada), first, NOW)
    second = swaps.ask(as_(rota.ada), rota.schedule, (GRACES[0] + DAY, GRACES[1]), NOW, of=rota.linus)
    swaps.accept(as_(rota.linus), second, NOW)
    with pytest.raises(Refused, match="Ada and Linus have to cancel that swap first"):
        swaps.cancel(as_(rota.grace), first, NOW)
    assert rota.at(GRACES[0] + 2 * DAY) == ["Linus"]
    swaps.cancel(as_(rota.linus), second, NOW)
    assert swaps.cancel(as_(rota.grace), first, NOW).state == "cancelled"
    assert rota.at(GRACES[0] + 2 * DAY) == ["Grace"]


def test_a_swap_cannot_be_cancelled_once_a_shift_of_it_has_begun(rota: Rota) -> None:
    made = rota.ask(of=rota.linus, back=LINUSES)
    swaps.accept(as_(rota.linus), made, NOW)
    with pytest.raises(Refused, match="has begun"):
        swaps.cancel(as_(rota.grace), made, GRACES[0])
    assert rota.at(GRACES[0]) == ["Linus"]


def test_one_who_declines_ends_a_direct_offer(rota: Rota) -> None:
    made = rota.ask(of=rota.ada)
    said()
    swaps.decline(as_(rota.ada), made, NOW)
    assert made.state == "declined"
    assert said() == {"grace": "Nobody takes your shift"}
    with pytest.raises(Refused, match="declined already"):
        swaps.accept(as_(rota.ada), made, NOW)


def test_an_ask_of_all_ends_when_all_have_declined(rota: Rota) -> None:
    made = rota.ask()
    swaps.decline(as_(rota.ada), made, NOW)
    assert (made.state, swap_queries.asked_of_me(as_(rota.ada), NOW)) == ("open", [])
    swaps.decline(as_(rota.linus), made, NOW)
    assert made.state == "declined"


def test_who_declined_may_take_it_after_all(rota: Rota) -> None:
    made = rota.ask()
    swaps.decline(as_(rota.ada), made, NOW)
    swaps.accept(as_(rota.ada), made, NOW)
    assert rota.at(GRACES[0]) == ["Ada"]


def test_a_request_is_withdrawn_and_those_asked_are_told(rota: Rota) -> None:
    made = rota.ask()
    swaps.decline(as_(rota.ada), made, NOW)
    said()
    swaps.withdraw(as_(rota.grace), made, NOW)
    assert said() == {"linus": "Grace needs nobody any more"}
    with pytest.raises(Refused, match="withdrawn already"):
        swaps.accept(as_(rota.linus), made, NOW)
    with pytest.raises(Refused, match="withdrawn already"):
        swaps.withdraw(as_(rota.grace), made, NOW)


def test_an_accepted_request_is_cancelled_not_withdrawn(rota: Rota) -> None:
    made = rota.ask()
    swaps.accept(as_(rota.ada), made, NOW)
    with pytest.raises(Refused, match="Cancel the swap instead"):
        swaps.withdraw(as_(rota.grace), made, NOW)


def test_a_request_that_nobody_took_ends_when_the_shift_begins(rota: Rota) -> None:
    made = rota.ask()
    said()
    assert swaps.expire(GRACES[0] - DAY) == 0
    with pytest.raises(Refused, match="has begun"):  # also before the engine has looked
        swaps.accept(as_(rota.ada), made, GRACES[0])
    assert swaps.expire(GRACES[0]) == 1
    assert said() == {"grace": "Nobody took your shift"}
    assert swaps.expire(GRACES[0]) == 0
    assert rota.at(GRACES[0]) == ["Grace"]


def test_a_request_that_cannot_be_ended_stops_no_other(rota: Rota, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = rota.ask()
    other = swaps.ask(as_(rota.linus), rota.schedule, LINUSES, NOW)
    usual = swaps.tell_of

    def tell_of(swap: SwapRequest, *rest: object) -> None:
        if swap.pk == broken.pk:
            raise ZeroDivisionError
        usual(swap, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(swaps, "tell_of", tell_of)
    assert swaps.expire(LINUSES[0]) == 1
    states = dict(SwapRequest.objects.values_list("pk", "state"))
    assert states == {broken.pk: "open", other.pk: "expired"}


def test_a_request_in_a_schedule_that_cannot_be_read_ends_too(rota: Rota) -> None:
    rota.ask()
    Schedule.objects.update(time_zone="Mars/Olympus")
    assert swaps.expire(GRACES[0]) == 1


def test_accepting_twice_is_accepting_once(rota: Rota) -> None:
    made = rota.ask()
    swaps.accept(as_(rota.ada), made, NOW)
    assert swaps.accept(as_(rota.ada), made, NOW).taker == rota.ada
    with pytest.raises(Refused, match="Ada was faster"):
        swaps.accept(as_(rota.linus), made, NOW)
    assert made.overrides.count() == 1


def test_a_swap_is_not_accepted_when_the_shift_is_no_longer_theirs(rota: Rota) -> None:
    made = rota.ask()
    actions.add_override(ADMIN, rota.schedule, rota.ada, GRACES[0], GRACES[0] + DAY, NOW)
    with pytest.raises(Refused, match="Grace is not on call all through"):
        swaps.accept(as_(rota.linus), made, NOW)
    made.refresh_from_db()
    assert (made.state, made.overrides.count()) == ("open", 0)


def test_who_was_not_asked_does_not_answer(rota: Rota) -> None:
    eve = person("Eve")
    made = rota.ask(of=rota.ada)
    for deed in (swaps.accept, swaps.decline):
        with pytest.raises(Denied):
            deed(as_(eve), made, NOW)
    for deed in (swaps.withdraw, swaps.cancel):
        with pytest.raises(Denied):
            deed(as_(rota.ada if deed is swaps.withdraw else eve), made, NOW)
    with pytest.raises(Denied):
        swaps.accept(role(Role.OBSERVER), made, NOW)
    made.refresh_from_db()
    assert made.state == "open"


def test_an_admin_asks_and_cancels_for_others(rota: Rota) -> None:
    admin = as_(person("Olga", Role.ADMIN))
    made = swaps.ask(admin, rota.schedule, GRACES, NOW, asker=rota.grace, of=rota.ada)
    swaps.accept(as_(rota.ada), made, NOW)
    swaps.cancel(admin, made, NOW)
    assert rota.at(GRACES[0]) == ["Grace"]
    with pytest.raises(Denied):
        swaps.ask(as_(rota.ada), rota.schedule, GRACES, NOW, asker=rota.grace)


def test_a_part_of_a_shift_can_be_given(rota: Rota) -> None:
    swaps.accept(as_(rota.ada), swaps.ask(as_(rota.grace), rota.schedule, (GRACES[0], GRACES[0] + DAY), NOW), NOW)
    assert [rota.at(GRACES[0]), rota.at(GRACES[0] + DAY)] == [["Ada"], ["Grace"]]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        # a shift of somebody else
        ({"span": LINUSES}, "Grace is not on call"),
        # one that has begun
        ({"span": (NOW - DAY, NOW + DAY)}, "has begun"),
        # backwards
        ({"span": GRACES[::-1]}, "after the start"),
        # of oneself
        ({"of": "grace"}, "somebody else"),
        # in exchange from nobody in particular
        ({"back": LINUSES}, "whose shift"),
        # in exchange a shift that is not theirs
        ({"of": "ada", "back": LINUSES}, "Ada is not on call"),
        # half a year
        ({"span": (GRACES[0], GRACES[0] + 26 * WEEK)}, "at most"),
    ],
)
def test_requests_that_make_no_sense_are_refused(rota: Rota, given: dict[str, object], sentence: str) -> None:
    of = getattr(rota, str(given["of"])) if "of" in given else None
    with pytest.raises(Refused, match=sentence):
        swaps.ask(as_(rota.grace), rota.schedule, given.get("span", GRACES), NOW, of=of, back=given.get("back"))  # type: ignore[arg-type]
    assert not SwapRequest.objects.exists()
    assert not said()


def test_one_shift_is_asked_about_once(rota: Rota) -> None:
    rota.ask()
    with pytest.raises(Refused, match="open request"):
        rota.ask(of=rota.ada)


def test_where_there_is_nobody_to_ask_it_says_so(rota: Rota) -> None:
    set_active(ADMIN, rota.ada, NOW, active=False)
    set_active(ADMIN, rota.linus, NOW, active=False)
    with pytest.raises(Refused, match="nobody to ask"):
        rota.ask()


def test_an_override_of_a_swap_is_undone_by_cancelling_it(rota: Rota) -> None:
    made = swaps.accept(as_(rota.ada), rota.ask(), NOW)
    with pytest.raises(Refused, match="Cancel the swap"):
        actions.remove_override(ADMIN, made.overrides.get(), NOW)


def test_every_answer_is_audited(rota: Rota) -> None:
    made = rota.ask()
    swaps.accept(as_(rota.ada), made, NOW)
    swaps.cancel(as_(rota.ada), made, NOW)
    verbs = Record.objects.filter(object_kind__icontains="swap").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["asked for", "accepted", "cancelled"]

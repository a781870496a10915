"""Escalation policies: looked at, tried, changed."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from tests.apps import domain
from tests.pages.desk import at_the_desk, living, observer, text_of
from tests.world import Person, World
from tocsin.core.escalation import TargetKind
from tocsin.people.models import User
from tocsin.policies.models import EscalationPolicy
from tocsin.policies.snapshots import snapshot_of

pytestmark = pytest.mark.django_db
NEW = reverse("policy_new")


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def grace(world: World) -> Person:
    return world.person("Grace")


def user(person: Person) -> str:
    return f"user:{person.user.pk}"


def form(*steps: tuple[str, ...], act: str = "save", last: tuple[str, ...] = (), **changes: str) -> dict[str, str]:
    posted = {"name": "Checkout", "repeats": "1", "ack_timeout_high_minutes": "30", "ack_timeout_low_minutes": "0"}
    for number, targets in enumerate(steps):
        posted[f"step-{number}-delay"] = "5"
        posted |= {f"step-{number}-target-{at}-target": target for at, target in enumerate(targets)}
    posted |= {f"last-0-target-{at}-target": target for at, target in enumerate(last)}
    return {**posted, "act": act, **changes}


def steps_of(policy: EscalationPolicy) -> list[list[str]]:
    return [[target.name for target in step.targets] for step in snapshot_of(policy).steps]


def test_policy_shows_its_steps_on_one_clock(world: World, ada: Person, grace: Person) -> None:
    world.owner()
    policy = world.policy([ada], [grace], repeats=1)
    page = text_of(at_the_desk(ada).get(policy.get_absolute_url()))
    for words in ("At once", "After 5 min", "After 20 min", "Every owner and admin", "begin again, 1 time"):
        assert words in page


def test_defect_is_shown_where_it_is(world: World, ada: Person) -> None:
    policy = world.policy([ada], [])
    page = text_of(at_the_desk(ada).get(policy.get_absolute_url()))
    assert "It pages nobody and is passed over" in page
    assert "Ada is the only one" in page
    assert "defects" in text_of(at_the_desk(ada).get(reverse("policies")))


def test_simulator_says_who_would_be_paged_now_and_then(world: World, ada: Person, grace: Person) -> None:
    """A weekly rotation from Monday 2 March 2026, 09:00 UTC."""
    schedule = domain.schedule("Primary", domain.weekly(ada.user, grace.user), zone="UTC")
    policy = world.policy([schedule])
    browser = at_the_desk(ada)
    for day, name in ((3, "Ada"), (10, "Grace")):
        at = datetime(2026, 3, day, 3, tzinfo=UTC)
        answer = browser.get(policy.get_absolute_url(), {"at": f"{at:%Y-%m-%dT%H:%M}", "urgency": "high"})
        assert [person.name for person in answer.context["then_lines"].shown[0].people] == [name]


@pytest.mark.parametrize(
    "query",
    [
        {"at": "soon"},
        {"at": "", "urgency": "none"},
        {"at": "9999-12-31T23:59", "urgency": "low"},
        {"at": "0001-01-01T00:00"},
    ],
    ids=["no time", "no urgency", "the end of time", "its beginning"],
)
def test_simulator_takes_nonsense_for_the_night_ahead(world: World, query: dict[str, str]) -> None:
    ada = world.person("Ada", zone="Asia/Tokyo")
    policy = world.policy([ada])
    assert at_the_desk(ada).get(policy.get_absolute_url(), query).status_code == 200


def test_policy_is_made_with_its_steps(world: World, ada: Person, grace: Person) -> None:
    team = world.team("Payments", grace)
    schedule = domain.schedule("Primary", domain.weekly(ada.user))
    typed = form((f"schedule:{schedule.pk}",), (user(grace), f"team:{team.pk}", ""), last=(user(ada),))
    answer = at_the_desk(ada).post(NEW, typed)
    policy = EscalationPolicy.objects.get()
    assert answer.url == policy.get_absolute_url()
    assert steps_of(policy) == [["Primary"], ["Grace", "Payments"]]
    assert [target.name for target in snapshot_of(policy).catch_all] == ["Ada"]


def test_catch_all_cannot_be_taken_out(ada: Person) -> None:
    """Whatever is posted, a policy ends in every owner and admin at least."""
    browser = at_the_desk(ada)
    for act in ("remove 1", "last remove 0", "remove-part 1 0"):
        page = text_of(browser.post(NEW, form((user(ada),), last=(user(ada),), act=act)))
        assert "Catch-all" in page
    browser.post(NEW, form((user(ada),)))
    assert snapshot_of(EscalationPolicy.objects.get()).catch_all[0].kind is TargetKind.STEWARDS


def test_saving_what_the_form_shows_changes_nothing(world: World, ada: Person, grace: Person) -> None:
    policy = world.policy([ada, world.team("Payments")], [grace], catch_all=[grace], repeats=3, delay=7)
    before = snapshot_of(policy)
    edit = reverse("policy_edit", args=[policy.slug])
    browser = at_the_desk(ada)
    shown = browser.get(edit).context
    posted = {name: "" if text is None else text for name, text in shown["form"].initial.items()}
    editor = shown["editor"]
    forms = [form for step in editor.steps for form in (step.form, *step.targets)] + editor.catch_all
    for each in forms:
        posted |= {f"{each.prefix}-{name}": text for name, text in each.initial.items()}
    assert browser.post(edit, {**posted, "act": "save"}).status_code == 302
    assert snapshot_of(EscalationPolicy.objects.get()) == before


@pytest.mark.parametrize(
    ("act", "delays"),
    [
        ("add", ["5", "x", "5"]),
        ("remove 0", ["x"]),
        ("down 0", ["x", "5"]),
        ("up 1", ["x", "5"]),
        ("last add", ["5", "x"]),
        ("add-part 0", ["5", "x"]),
        ("nonsense", ["5", "x"]),
    ],
)
def test_rows_are_moved_without_losing_what_was_typed(ada: Person, act: str, delays: list[str]) -> None:
    typed = form((user(ada),), (user(ada),), act=act, **{"step-1-delay": "x", "description": "kept"})
    answer = at_the_desk(ada).post(NEW, typed)
    assert answer.status_code == 200
    assert [step.form["delay"].value() for step in answer.context["editor"].steps] == delays
    assert "kept</textarea>" in text_of(answer)
    assert not EscalationPolicy.objects.exists()


def test_delays_add_up_while_one_edits(ada: Person) -> None:
    typed = form((user(ada),), (user(ada),), act="add", **{"step-0-delay": "10"})
    answer = at_the_desk(ada).post(NEW, typed)
    assert [step.after for step in answer.context["editor"].steps] == [0, 10, 15]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"step-0-delay": "0"}, "greater than or equal to 1"),
        ({"step-0-delay": ""}, "required"),
        ({"repeats": "999"}, "less than or equal to"),
        ({"step-0-target-0-target": "user:999999"}, "not one of the available"),
        ({"step-0-target-0-target": "nonsense"}, "not one of the available"),
    ],
    ids=["delay", "no delay", "repeats", "gone", "nonsense"],
)
def test_wrong_step_is_kept_with_a_sentence_beside_it(ada: Person, changes: dict[str, str], sentence: str) -> None:
    answer = at_the_desk(ada).post(NEW, form((user(ada),), **changes))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert 'value="Checkout"' in text_of(answer)
    assert not EscalationPolicy.objects.exists()


def test_form_sent_twice_makes_one_policy(ada: Person) -> None:
    browser = at_the_desk(ada)
    assert [browser.post(NEW, form((user(ada),))).status_code for _ in range(2)] == [302, 422]
    assert EscalationPolicy.objects.count() == 1


def test_somebody_who_left_is_not_offered(world: World, ada: Person, grace: Person) -> None:
    User.objects.filter(pk=grace.user.pk).update(is_active=False)
    assert f'value="{user(grace)}"' not in text_of(at_the_desk(ada).get(NEW))


def test_policy_that_a_service_uses_is_not_deleted(world: World, ada: Person) -> None:
    policy = world.policy([ada])
    world.monitoring(policy)
    referer = {"referer": f"http://testserver{reverse('policy_edit', args=[policy.slug])}"}
    where = reverse("policy_delete", args=[policy.slug])
    assert "still used by Checkout" in text_of(at_the_desk(ada).post(where, follow=True, headers=referer))
    assert EscalationPolicy.objects.exists()


def test_unused_policy_is_deleted_once(world: World, ada: Person) -> None:
    where = reverse("policy_delete", args=[world.policy([ada]).slug])
    browser = at_the_desk(ada)
    assert browser.post(where).status_code == 302
    assert browser.post(where).status_code == 404


def test_observer_looks_and_changes_nothing(world: World, ada: Person) -> None:
    policy = world.policy([ada])
    oscar = at_the_desk(observer(world))
    assert "Edit" not in text_of(oscar.get(policy.get_absolute_url()))
    assert oscar.get(NEW).status_code == 403
    assert oscar.get(reverse("policy_edit", args=[policy.slug])).status_code == 403
    assert oscar.post(reverse("policy_delete", args=[policy.slug])).status_code == 403

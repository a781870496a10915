"""The first run, in the browser: from nothing to a page that was acknowledged. Every step can be skipped."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.audit.actions import record
from tocsin.core.permissions import Verb
from tocsin.home import actions, steps
from tocsin.home.forms import OwnerForm, ReachForm, RotationForm, ServiceForm, TeamForm
from tocsin.paging import actions as paging
from tocsin.paging import queries as paging_queries
from tocsin.people import actions as people
from tocsin.people import queries as people_queries
from tocsin.people.joining import link_of
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, never_kept, put_beside, show
from tocsin.people.problems import Refused
from tocsin.services import newkeys
from tocsin.services import queries as services
from tocsin.sources.registry import SOURCES

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@sensitive_post_parameters("password")
@login_not_required
def welcome(request: HttpRequest) -> HttpResponse:
    if not people_queries.is_empty():
        return redirect("home")
    form = OwnerForm(request.POST or None)
    if form.is_valid() and _try(form, lambda: _enter(request, form)):
        return redirect("setup_step", steps.NAMES[0])
    return render(request, "home/welcome.html", {"form": form}, status=422 if form.is_bound else 200)


def _enter(request: HttpRequest, form: Form) -> None:
    now = clock.now()
    owner = people.create_first_owner(**form.cleaned_data, now=now)
    login(request, owner, backend=BACKEND)
    record(people_queries.actor_of(owner, "web"), "signed in", owner, now)


@needs(Verb.MANAGE_PEOPLE)
def setup_step(request: ActorRequest, step: str) -> HttpResponse:
    if step not in _STEPS:
        raise Http404
    return _STEPS[step](request)


@require_POST
@needs(Verb.MANAGE_PEOPLE)
def setup_hide(request: ActorRequest) -> HttpResponse:
    actions.hide_setup(request.actor, clock.now())
    messages.success(request, "The first steps are put away. You find everything under Settings.")
    return redirect("home")


def _team(request: ActorRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if form.is_valid():
        entries, formed = people.read_entries(form.cleaned_data["people"]), []
        name, now = form.cleaned_data["name"], clock.now()
        if _try(form, lambda: formed.append(actions.form_team(request.actor, name, entries, now))):
            return _formed(request, formed[0]) if entries else _go_on("team")
    return _page(request, "team", form, {"teams": people_queries.teams(request.actor)})


def _formed(request: ActorRequest, formed: actions.Formed) -> HttpResponse:
    links = [{"invited": i, "url": link_of(i.token) if i.user else ""} for i in formed.invited]
    context = {"team": formed.team, "links": links, "mailed": bool(settings.SMTP_URL), **_frame(request, "team")}
    return never_kept(show(request, "home/setup/invited.html", context))


def _reach(request: ActorRequest) -> HttpResponse:
    me = people_queries.person(request.actor, request.actor.user_id or 0)
    form = ReachForm(request.POST or None, initial={"address": me.email})
    if form.is_valid():
        added: list[int] = []
        if _try(form, lambda: added.append(_add_method(request, form))):
            after = urlencode({"next": reverse("setup_step", args=["test"])})
            return redirect(f"{reverse('method_verify', args=added)}?{after}")
    context = {"methods": people_queries.contact_methods(request.actor, me), "mail": bool(settings.SMTP_URL)}
    return _page(request, "reach", form, context)


def _add_method(request: ActorRequest, form: Form) -> int:
    now, typed = clock.now(), form.cleaned_data
    me = people_queries.person(request.actor, request.actor.user_id or 0)
    method = people.add_method(request.actor, me, typed["kind"], "", typed["address"], now)
    people.send_code(request.actor, method, now)
    return method.pk


def _test(request: ActorRequest) -> HttpResponse:
    user_id = request.actor.user_id or 0
    if request.method == "POST":
        paging.test_pager(user_id, request.actor, clock.now())
        return redirect("setup_step", "test")
    test = paging_queries.tests_of(request.actor, user_id).first()
    context = {"test": test, "pages": test.notifications.select_related("method") if test else []}
    if request.headers.get("HX-Request"):
        return show(request, "home/setup/test_live.html", {**context, **_frame(request, "test")})
    return _page(request, "test", None, context)


def _schedule(request: ActorRequest) -> HttpResponse:
    team = people_queries.teams(request.actor).first()
    everybody = people_queries.people(request.actor).filter(is_active=True)
    me = people_queries.person(request.actor, request.actor.user_id or 0)
    initial: dict[str, object] = {"name": f"{team or 'Main'} on call", "time_zone": me.time_zone, "people": everybody}
    form = RotationForm(request.POST or None, initial=initial, people=everybody)
    if form.is_valid():
        typed, now = form.cleaned_data, clock.now()
        order = list(typed["people"])
        if _try(
            form,
            lambda: actions.start_rotation(request.actor, typed["name"], typed["time_zone"], order, team, now),
        ):
            messages.success(request, "The rotation runs, and a policy pages it. Change both any time.")
            return _go_on("schedule")
    return _page(request, "schedule", form, {})


def _alerts(request: ActorRequest) -> HttpResponse:
    if request.GET.get("made", "").isdigit():
        return _made(request, int(request.GET["made"]))
    form = ServiceForm(request.POST or None, initial={"kind": next(iter(SOURCES))})
    if form.is_valid():
        made: list[int] = []
        if _try(form, lambda: made.append(_make_service(request, form))):
            return redirect(f"{reverse('setup_step', args=['alerts'])}?made={made[0]}")
    return _page(request, "alerts", form, {})


def _make_service(request: ActorRequest, form: Form) -> int:
    kind = form.cleaned_data["kind"]
    label = SOURCES[kind].label
    integration, key = actions.first_service(request.actor, form.cleaned_data["name"], kind, label, clock.now())
    newkeys.keep(request.session, integration.pk, key)
    return integration.pk


def _made(request: ActorRequest, pk: int) -> HttpResponse:
    """The key stays to be shown once more, on the integration's own page."""
    integration = services.integration(request.actor, pk)
    key = newkeys.take(request.session, pk)
    if not key:
        return redirect("integration", pk)
    newkeys.keep(request.session, pk, key)
    context = {"integration": integration, "key": key, "url": services.inbound_url(integration.kind, key)}
    return never_kept(show(request, "home/setup/made.html", {**context, **_frame(request, "alerts")}))


def _try(form: Form, act: Callable[[], object]) -> bool:
    try:
        act()
    except Refused as refusal:
        put_beside(form, refusal)
        return False
    return True


def _page(request: ActorRequest, step: str, form: Form | None, context: Mapping[str, object]) -> HttpResponse:
    wrong = form is not None and form.is_bound
    return show(request, f"home/setup/{step}.html", {"form": form, **context, **_frame(request, step)}, wrong=wrong)


def _frame(request: ActorRequest, step: str) -> dict[str, object]:
    return {"steps": steps.shown(request.actor), "step": step, "after": steps.after(step)}


def _go_on(step: str) -> HttpResponse:
    return redirect("setup_step", steps.after(step))


_STEPS: dict[str, Callable[[ActorRequest], HttpResponse]] = {
    "team": _team,
    "reach": _reach,
    "test": _test,
    "schedule": _schedule,
    "alerts": _alerts,
}

"""One's own profile: how one is reached, and by which rules."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.channels.contract import Channel
from tocsin.channels.registry import CHANNELS
from tocsin.core.permissions import Verb
from tocsin.core.signals import Urgency
from tocsin.people import actions, devices, queries
from tocsin.people.forms import AboutForm, CodeForm, MethodForm, RulesForm
from tocsin.people.middleware import ActorRequest
from tocsin.people.models import ContactMethod, User
from tocsin.people.pages import needs, never_kept, put_beside, show
from tocsin.people.problems import Refused
from tocsin.people.wording import in_words

URGENCIES = (Urgency.HIGH, Urgency.LOW)
_ENDED = {0: "You were signed in nowhere else.", 1: "You are signed out in one other place."}


@needs(Verb.EDIT_SELF)
def profile(request: ActorRequest) -> HttpResponse:
    person = me(request)
    form = AboutForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_person(request.actor, person, clock.now(), **form.cleaned_data)
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, "Your profile is saved.")
            return redirect("profile")
    return show(request, "people/profile.html", _profile(request, me(request), form), wrong=form.is_bound)


def _profile(request: ActorRequest, person: User, form: AboutForm) -> dict[str, object]:
    methods = list(queries.contact_methods(request.actor, person))
    rules = _rules_form(request, person, methods)
    return {
        "person": person,
        "form": form,
        "methods": [{"row": method, "channel": CHANNELS.get(method.kind)} for method in methods],
        "offered": [channel for channel in CHANNELS.values() if channel.is_offered],
        "reachable": any(method.verified_at and method.kind != "inapp" for method in methods),
        "words": preview(rules),
        "sign_ins": devices.sign_ins(request.actor, clock.now()),
    }


@require_POST
def sign_out_elsewhere(request: ActorRequest) -> HttpResponse:
    ended = devices.sign_out_elsewhere(request.actor, request.session.session_key or "", clock.now())
    messages.success(request, _ENDED.get(ended, f"You are signed out in {ended} other places."))
    return redirect("profile")


@needs(Verb.EDIT_SELF)
def method_new(request: ActorRequest) -> HttpResponse:
    channel = _channel(request.GET.get("kind", ""))
    form = MethodForm(request.POST or None, channel=channel)
    if request.method == "POST" and form.is_valid():
        try:
            method = _add(request, channel, form)
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            if method.secret and not form.cleaned_data.get("secret"):
                return _shown(request, method, method.secret)
            return redirect("method_verify", pk=method.pk)
    return show(request, "people/method_new.html", {"form": form, "channel": channel}, wrong=form.is_bound)


def _add(request: ActorRequest, channel: Channel, form: MethodForm) -> ContactMethod:
    now, typed = clock.now(), form.cleaned_data
    method = actions.add_method(
        request.actor, me(request), channel.kind, typed["label"], typed["address"], now, secret=typed.get("secret", "")
    )
    actions.send_code(request.actor, method, now)
    return method


@needs(Verb.EDIT_SELF)
def method_verify(request: ActorRequest, pk: int) -> HttpResponse:
    method = queries.contact_method(request.actor, pk)
    if method.verified_at:
        return redirect("profile")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.verify(request.actor, method, form.cleaned_data["code"], clock.now())
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, f"{method.label} is verified: you can be paged there from now on.")
            return redirect(_next(request))
    context = {
        "form": form,
        "method": method,
        "channel": CHANNELS.get(method.kind),
        "next": request.GET.get("next", ""),
    }
    return show(request, "people/method_verify.html", context, wrong=form.is_bound)


@require_POST
def method_code(request: ActorRequest, pk: int) -> HttpResponse:
    method = queries.contact_method(request.actor, pk)
    actions.send_code(request.actor, method, clock.now())
    messages.success(request, f"A new code is on its way to {method.label}. The one before stopped working.")
    return redirect("method_verify", pk=pk)


@require_POST
def method_secret(request: ActorRequest, pk: int) -> HttpResponse:
    method = queries.contact_method(request.actor, pk)
    return _shown(request, method, actions.new_secret(request.actor, method, clock.now()))


def _shown(request: ActorRequest, method: ContactMethod, secret: str) -> HttpResponse:
    """It is on this page and nowhere else, so it answers the POST itself."""
    way = reverse("profile") if method.verified_at else reverse("method_verify", args=[method.pk])
    further = "I have copied it" if method.verified_at else "I have copied it: verify"
    context = {"name": method.label, "secret": secret, "further": further, "url": way}
    return never_kept(show(request, "people/secret.html", context))


@require_POST
def method_delete(request: ActorRequest, pk: int) -> HttpResponse:
    method = queries.contact_method(request.actor, pk)
    actions.remove_method(request.actor, method, clock.now())
    messages.success(request, f"{method.label} is removed. You are not paged there any more.")
    return redirect("profile")


@needs(Verb.EDIT_SELF)
def rules(request: ActorRequest) -> HttpResponse:
    """“preview” says in words what was chosen; nothing is saved by it."""
    person = me(request)
    methods = list(queries.contact_methods(request.actor, person))
    form = _rules_form(request, person, methods)
    saving = request.method == "POST" and request.POST.get("act") != "preview"
    if form.is_bound and form.is_valid() and saving:
        try:
            for urgency in URGENCIES:
                chosen = [(method.pk, delay) for method, delay in form.chosen(urgency)]
                actions.set_rules(request.actor, person, urgency, chosen, clock.now())
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, "Your notification rules are saved.")
            return redirect("profile")
    context = {"form": form, "words": preview(form), "waiting": [m for m in methods if not m.verified_at]}
    return show(request, "people/rules.html", context, wrong=saving)


def _rules_form(request: ActorRequest, person: User, methods: list[ContactMethod]) -> RulesForm:
    """Bound only on its own page."""
    bound = request.method == "POST" and "act" in request.POST
    return RulesForm(
        request.POST if bound else None,
        methods=[method for method in methods if method.verified_at],
        rules={urgency: list(queries.rules(request.actor, person, urgency)) for urgency in URGENCIES},
    )


def preview(form: RulesForm) -> list[dict[str, object]]:
    names = {Urgency.HIGH: "High urgency", Urgency.LOW: "Low urgency"}
    return [
        {"name": names[urgency], "sentences": in_words((m.label, delay) for m, delay in form.chosen(urgency))}
        for urgency in URGENCIES
    ]


def me(request: ActorRequest) -> User:
    return get_object_or_404(queries.people(request.actor), pk=request.actor.user_id)


def _channel(kind: str) -> Channel:
    channel = CHANNELS.get(kind) or CHANNELS["email"]
    return channel if channel.is_offered else CHANNELS["email"]


def _next(request: ActorRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if wanted and safe else "profile"

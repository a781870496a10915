"""People: the list, one of them, and how they come in."""

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from tocsin import clock
from tocsin.channels.registry import CHANNELS
from tocsin.core.permissions import Actor, Role, Verb
from tocsin.people import actions, queries
from tocsin.people.forms import InviteForm, PasswordForm, RoleForm
from tocsin.people.joining import link_of
from tocsin.people.middleware import ActorRequest
from tocsin.people.models import User
from tocsin.people.pages import needs, never_kept, put_beside, show
from tocsin.people.problems import Refused
from tocsin.ui.pages import paginate


@require_safe
def people(request: ActorRequest) -> HttpResponse:
    search = request.GET.get("search", "").strip()
    found: QuerySet[User] = queries.people(request.actor, search).order_by("-is_active", "name", "id")
    context = {
        "page": paginate(found, request),
        "search": search,
        "unreachable": {person.pk for person in queries.unreachable(clock.now())},
    }
    return show(request, "people/people.html", context)


@require_safe
def person(request: ActorRequest, pk: int) -> HttpResponse:
    return show(request, "people/person.html", _person(request, queries.person(request.actor, pk)))


def _person(request: ActorRequest, who: User) -> dict[str, object]:
    manages = manages_him(request.actor, who)
    methods = queries.contact_methods(request.actor, who) if manages else []
    return {
        "person": who,
        "manages": manages,
        "is_me": who.pk == request.actor.user_id,
        "methods": [{"row": method, "channel": CHANNELS.get(method.kind)} for method in methods],
        "role_form": RoleForm(actor=request.actor, person=who) if manages else None,
        "is_unreachable": who.pk in {found.pk for found in queries.unreachable(clock.now())},
    }


def manages_him(actor: Actor, who: User) -> bool:
    return actor.may(Verb.MANAGE_PEOPLE) and (who.role != Role.OWNER or actor.may(Verb.OWN))


@require_POST
def person_role(request: ActorRequest, pk: int) -> HttpResponse:
    who = queries.person(request.actor, pk)
    form = RoleForm(request.POST, actor=request.actor, person=who)
    if form.is_valid():
        actions.set_role(request.actor, who, Role(form.cleaned_data["role"]), clock.now())
        messages.success(request, f"{who.name} is {Role(who.role).name.lower()} now.")
    else:
        messages.error(request, "Choose one of the roles. Nothing was changed.")
    return redirect("person", pk=pk)


@require_POST
def person_active(request: ActorRequest, pk: int) -> HttpResponse:
    who, active = queries.person(request.actor, pk), request.POST.get("active") == "yes"
    actions.set_active(request.actor, who, clock.now(), active=active)
    now_is = "active again" if active else "not active any more: no sign-in, no pages. Nothing of theirs was deleted"
    messages.success(request, f"{who.name} is {now_is}.")
    return redirect("person", pk=pk)


@require_POST
def person_link(request: ActorRequest, pk: int) -> HttpResponse:
    """The link is on this page and nowhere else, so it answers the POST itself."""
    who = queries.person(request.actor, pk)
    token = actions.renew_invitation(request.actor, who, clock.now())
    invited = [actions.Invited(email=who.email, user=who, token=token, problem="")]
    return _invited(request, invited)


@needs(Verb.MANAGE_PEOPLE)
def person_invite(request: ActorRequest) -> HttpResponse:
    form = InviteForm(request.POST or None, actor=request.actor, teams=queries.teams(request.actor))
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        entries = actions.read_entries(typed["people"])
        invited = actions.invite_many(request.actor, entries, Role(typed["role"]), typed["team"], clock.now())
        if any(entry.user for entry in invited):
            return _invited(request, invited)
        for entry in invited:
            form.add_error("people", f"{entry.email or 'A line without an address'}: {entry.problem}")
    return show(request, "people/person_invite.html", {"form": form}, wrong=form.is_bound)


def _invited(request: ActorRequest, invited: list[actions.Invited]) -> HttpResponse:
    rows = [{"entry": entry, "link": link_of(entry.token)} for entry in invited if entry.user]
    refused = [entry for entry in invited if not entry.user]
    context = {"rows": rows, "refused": refused, "mailed": bool(settings.SMTP_URL)}
    return never_kept(show(request, "people/invited.html", context))


@login_not_required
@sensitive_post_parameters("password")
def invitation(request: ActorRequest, token: str) -> HttpResponse:
    found = queries.invitation(token, clock.now())
    form = PasswordForm(request.POST or None)
    if found is None:
        return never_kept(show(request, "people/invitation_over.html", {}, wrong=True))
    if request.method == "POST" and form.is_valid():
        try:
            user = actions.accept_invitation(token, form.cleaned_data["password"], clock.now())
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            # through allauth, so that a second factor that is there already is asked for
            return perform_login(request, user, redirect_url=reverse("profile"))  # type: ignore[no-any-return]
    return never_kept(
        show(request, "people/invitation.html", {"form": form, "person": found.user}, wrong=form.is_bound)
    )

"""API tokens: made, shown once, revoked."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.people import actions, queries
from tocsin.people.forms import TokenForm
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, never_kept, put_beside, show
from tocsin.people.problems import Refused
from tocsin.people.views.profile import me


@needs(Verb.EDIT_SELF)
def tokens(request: ActorRequest) -> HttpResponse:
    now = clock.now()
    rows = list(queries.tokens(request.actor))
    working = [row.name for row in rows if not row.revoked_at and not (row.expires_at and row.expires_at <= now)]
    form = TokenForm(request.POST or None, actor=request.actor, taken=working)
    if request.method == "POST" and form.is_valid():
        try:
            return _created(request, form)
        except Refused as refusal:
            put_beside(form, refusal)
    return show(request, "people/tokens.html", {"rows": rows, "form": form, "now": now}, wrong=form.is_bound)


def _created(request: ActorRequest, form: TokenForm) -> HttpResponse:
    """The raw token is on this page and nowhere else, so it answers the POST itself."""
    now, typed = clock.now(), form.cleaned_data
    user = None if typed.get("acts_as") == "tocsin" else me(request)
    token, raw = actions.create_token(request.actor, typed["name"], typed["scopes"], user, form.expires_at(now), now)
    return never_kept(show(request, "people/token_created.html", {"token": token, "raw": raw}))


@require_POST
def token_revoke(request: ActorRequest, pk: int) -> HttpResponse:
    token = actions.revoke_token(request.actor, queries.token(request.actor, pk), clock.now())
    messages.success(request, f"{token.name} is revoked. It stopped working at once.")
    return redirect("tokens")

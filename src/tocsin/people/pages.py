"""What the pages of every app have in common."""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django import forms
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tocsin.audit import queries as audit
from tocsin.core.permissions import Actor, Verb, require
from tocsin.people.middleware import ActorRequest
from tocsin.people.problems import Refused

P = ParamSpec("P")
View = Callable[Concatenate[ActorRequest, P], HttpResponse]


def show(request: ActorRequest, template: str, context: Mapping[str, object], *, wrong: bool = False) -> HttpResponse:
    """The page; `may.configure` and so on say in it which buttons make sense. `wrong`: a form needs another look."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return render(request, template, {"may": may(request.actor), **context}, status=status)


def may(actor: Actor) -> dict[str, bool]:
    return {verb.name.lower(): True for verb in actor.verbs}


def needs(verb: Verb) -> Callable[[View[P]], View[P]]:
    """A page that is there to do `verb` is not shown to who may not; the action behind it asks again."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def asked(request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            require(request.actor, verb)
            return view(request, *args, **kwargs)

        return asked

    return decorate


def put_beside(form: forms.BaseForm, refusal: Refused) -> None:
    """The sentences of a refusal beside the fields they are about; what the form does not have, on top of it."""
    here = {name: text for name, text in refusal.fields.items() if name in form.fields}
    for name, text in here.items():
        form.add_error(name, text)
    if not here:
        form.add_error(None, str(refusal))


def standing(request: ActorRequest, form: forms.BaseForm, row: Model | None) -> str:
    """The mark of how the row stood when its page was opened, for a hidden field `standing` in the page's form.

    What was typed over something older would undo what somebody else has saved meanwhile: then the form gets an error
    that says who, and the page comes again with the mark of how it stands now.
    """
    if row is None:
        return ""
    opened = request.POST.get("standing", "")
    if not (opened.isascii() and opened.isdecimal() and len(opened) < _LONGEST_MARK):
        return str(audit.newest(row))
    other = audit.by_others(row, int(opened), request.actor.user_id) if form.is_bound else None
    if other is None:
        return opened
    form.full_clean()
    form.add_error(None, _OVERTAKEN.format(who=other.actor, at=f"{timezone.localtime(other.at):%H:%M}"))
    return str(audit.newest(row))


_LONGEST_MARK = 19  # digits
_OVERTAKEN = (
    "{who} changed this at {at}, after you had opened it. Nothing of yours was saved; what you typed is still here. "
    "Look in another tab at how it stands now; save again to put yours in its place."
)


def never_kept(response: HttpResponse) -> HttpResponse:
    """A page with a secret on it stays in no cache and in no history."""
    response["Cache-Control"] = "no-store"
    return response

"""What the pages of every app have in common."""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

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


def never_kept(response: HttpResponse) -> HttpResponse:
    """A page with a secret on it stays in no cache and in no history."""
    response["Cache-Control"] = "no-store"
    return response

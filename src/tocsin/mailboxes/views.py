"""The mailbox of an integration."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.mailboxes import actions
from tocsin.mailboxes.forms import MailboxForm
from tocsin.mailboxes.queries import mailbox_of
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show
from tocsin.people.problems import Refused
from tocsin.services import queries


@needs(Verb.CONFIGURE)
def mailbox(request: ActorRequest, pk: int) -> HttpResponse:
    """“try” signs in and looks, and keeps nothing; everything else saves."""
    integration = queries.integration(request.actor, pk)
    row = mailbox_of(request.actor, integration)
    form = MailboxForm(row, request.POST or None)
    context: dict[str, Any] = {"form": form, "integration": integration, "mailbox": row}
    if form.is_valid():
        try:
            if request.POST.get("act") == "try":
                context["tried"] = actions.try_it(request.actor, integration, clock.now(), **form.cleaned_data)
            else:
                actions.save(request.actor, integration, clock.now(), **form.cleaned_data)
                messages.success(request, "The mailbox was saved, and is looked into from now on.")
                return redirect("integration", pk)
        except Refused as refused:
            put_beside(form, refused)
    return show(request, "mailboxes/mailbox.html", context, wrong=form.is_bound and not form.is_valid())


@require_POST
def mailbox_remove(request: ActorRequest, pk: int) -> HttpResponse:
    integration = queries.integration(request.actor, pk)
    actions.remove(request.actor, integration, clock.now())
    messages.success(request, "The mailbox is looked into no more. Its mails are where they were.")
    return redirect("integration", pk)

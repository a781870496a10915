"""What a form of a page asks for, the operation that does the same takes: a new field is named there, or below."""

import importlib
import inspect
import pkgutil
from typing import Any

import pytest
from django import forms

import tocsin
from tests.api.test_complete import DOCUMENT, OFFERED

MODULES = [module.name for module in pkgutil.walk_packages(tocsin.__path__, "tocsin.") if "forms" in module.name]


def found() -> dict[str, type[forms.Form]]:
    modules = [importlib.import_module(name) for name in (*MODULES, "tocsin.audit.views")]
    each = [(module.__name__, *member) for module in modules for member in inspect.getmembers(module, inspect.isclass)]
    own = [(m, name, form) for m, name, form in each if form.__module__ == m and issubclass(form, forms.Form)]
    return {f"{module.removeprefix('tocsin.')}.{name}": form for module, name, form in own}


FORMS = found()
IN_CONFIG = ("checks.forms.DnsForm", "checks.forms.HttpForm", "checks.forms.ProbeForm", "checks.forms.TcpForm",
             "checks.forms.TlsForm", "checks.forms.HeartbeatForm")  # fmt: skip
# operation, and what its body calls a field by another name; "": by a way that the comment says
TAKEN_BY: dict[str, tuple[str, dict[str, str]]] = {
    "audit.views.FilterForm": ("GET /audit", {}),
    "care.forms.TermsForm": ("PUT /teams/{slug}/care-terms", {}),
    "changes.forms.ChangeForm": ("POST /changes", {}),
    "checks.forms.CheckForm": ("POST /checks", {}),
    "checks.forms.FilterForm": ("GET /checks", {}),
    "handoffs.forms.FilterForm": ("GET /handoffs", {}),
    "handoffs.forms.NoteForm": ("PUT /handoffs/{pk}", {}),
    "mailboxes.forms.MailboxForm": ("PUT /integrations/{pk}/mailbox", {}),
    "paging.forms.NoteForm": ("POST /alert-groups/{pk}/notes", {}),
    "paging.forms.ReassignForm": ("POST /alert-groups/{pk}/reassign", {"to": "policy"}),
    "paging.forms.ResponderForm": ("POST /alert-groups/{pk}/responders", {}),
    "paging.forms.SnoozeForm": ("POST /alert-groups/{pk}/snooze", {}),
    "people.forms.AboutForm": ("PATCH /people/{pk}", {}),
    "people.forms.CodeForm": ("POST /contact-methods/{pk}/verify", {}),
    "people.forms.InviteForm": ("POST /people", {"people": "email"}),
    "people.forms.MethodForm": ("POST /people/{pk}/contact-methods", {}),
    "people.forms.RoleForm": ("PATCH /people/{pk}", {}),
    "people.forms.TeamForm": ("POST /teams", {}),
    "people.forms.TokenForm": ("POST /tokens", {"acts_as": "person", "days": "expires_at"}),
    "policies.forms.PlaceForm": ("POST /places", {}),
    "policies.forms.PolicyForm": ("PUT /escalation-policies/{slug}", {}),
    "policies.forms.SimulateForm": ("GET /escalation-policies/{slug}/simulation", {}),
    "schedules.forms.CalendarForm": ("POST /schedules/{slug}/calendars", {"file": "text"}),
    "schedules.forms.OverrideForm": ("POST /schedules/{slug}/overrides", {"user": "person"}),
    "schedules.forms.ScheduleForm": ("PUT /schedules/{slug}", {}),
    "schedules.swap_forms.SwapForm": ("POST /schedules/{slug}/swaps", {"whom": "asked"}),
    # the service is in the path
    "services.forms.IntegrationForm": ("POST /services/{slug}/integrations", {"service": ""}),
    "services.forms.IntegrationChangeForm": ("PATCH /integrations/{pk}", {"forget_secret": "secret"}),
    "services.forms.MappingForm": ("POST /integrations/{pk}/mapping/try", {"stored": "receipt"}),
    "services.forms.ServiceForm": ("PUT /services/{slug}", {}),
    "slos.forms.ServerForm": ("PUT /slos/prometheus", {"forget_secret": "secret"}),
    "slos.forms.SloForm": ("PUT /slos/{slug}", {}),
    "tuning.forms.InhibitionForm": ("POST /inhibitions", {}),
    "tuning.forms.MaintenanceForm": ("POST /maintenance", {"weekly": "weekdays"}),
    "tuning.forms.RouteForm": ("POST /routes", {}),
    "tuning.forms.SilenceForm": ("POST /silences", {"duration": "minutes"}),
    "tuning.forms.TryForm": ("POST /routes/destination", {}),
    "tuning.forms.UrgencyRuleForm": ("POST /urgency-rules", {"hours": "weekdays"}),
}
APART = {
    "home.forms.OwnerForm": "the first owner comes by the browser",
    "home.forms.ReachForm": "a first step: a contact method",
    "home.forms.RotationForm": "a first step: a schedule with a policy",
    "home.forms.ServiceForm": "a first step: a service with an integration",
    "home.forms.TeamForm": "a first step: a team with people",
    "people.forms.PasswordForm": "passwords are chosen by people",
    "people.forms.RulesForm": "its fields are the contact methods there are",
    "policies.forms.StepForm": "a part of the steps",
    "policies.forms.TargetForm": "likewise",
    "schedules.forms.LayerForm": "a part of the layers",
    "schedules.forms.TurnForm": "likewise",
    "schedules.forms.ReplacementForm": "a layer in few fields; the API takes any layers",
}


def takes(operation: str) -> set[str]:
    """The names that its body and its query know."""
    said: dict[str, Any] = OFFERED[operation]
    query = {each["name"] for each in said.get("parameters", ())}
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    shape = DOCUMENT["components"]["schemas"][content["$ref"].rsplit("/", 1)[1]] if content else {"properties": {}}
    return query | set(shape["properties"])


def test_every_form_is_named() -> None:
    assert FORMS.keys() == TAKEN_BY.keys() | APART.keys() | set(IN_CONFIG)


@pytest.mark.parametrize("name", sorted(TAKEN_BY))
def test_every_field_of_a_form_is_one_of_its_operation(name: str) -> None:
    operation, called = TAKEN_BY[name]
    wanted = {called.get(field, field) for field in FORMS[name].base_fields} - {""}
    assert wanted - takes(operation) == set()
    assert set(called) <= set(FORMS[name].base_fields)


def test_every_field_of_a_probe_is_said_of_its_config() -> None:
    said = DOCUMENT["components"]["schemas"]["CheckIn"]["properties"]
    fields = {field for name in IN_CONFIG for field in FORMS[name].base_fields} - {"forget_headers"}
    assert {field for field in fields - set(said) if field not in said["config"]["description"]} == set()

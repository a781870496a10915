"""The REST API: every app's routes under /api/v1, with tokens, problems and one OpenAPI document."""

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, Throttled
from ninja.errors import ValidationError as SchemaError
from ninja.security import HttpBearer
from ninja.throttling import AuthRateThrottle

from tocsin import clock, rest
from tocsin.alerts.api import router as alerts
from tocsin.audit.api import router as audit
from tocsin.care.api import router as care
from tocsin.changes.api import router as changes
from tocsin.checks.api import router as checks
from tocsin.config.api_document import Documented
from tocsin.core.permissions import Actor, Denied
from tocsin.handoffs.api import router as handoffs
from tocsin.home.api import router as home
from tocsin.mailboxes.api import router as mailboxes
from tocsin.paging.api import router as paging
from tocsin.people import queries
from tocsin.people.api import router as people
from tocsin.people.problems import Refused
from tocsin.policies.api import router as policies
from tocsin.schedules.api import router as schedules
from tocsin.services.api import router as services
from tocsin.slos.api import router as slos
from tocsin.tuning.api import router as tuning
from tocsin.tuning.rules_api import router as rules


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        actor = queries.actor_of_token(token, clock.now())
        if actor is not None:
            request.actor = actor  # type: ignore[attr-defined]
        return actor


api = Documented(
    title="Tocsin",
    version="1",
    description="Incident management and on-call. Times are RFC 3339 in UTC; errors are RFC 9457 problem details; "
    "a POST with an `Idempotency-Key` header is carried out once, and repeats get the first answer.",
    docs_url=None,
    openapi_url="/openapi.json",
    auth=Bearer(),
    throttle=[AuthRateThrottle("1200/m")],
    urls_namespace="api",
)
for prefix, router in (
    ("", home),
    ("", alerts),
    ("", checks),
    ("", paging),
    ("", services),
    ("", mailboxes),
    ("", slos),
    ("", changes),
    ("", policies),
    ("", schedules),
    ("", people),
    ("", audit),
    ("", handoffs),
    ("", care),
    ("", tuning),
    ("", rules),
):
    api.add_router(prefix, router)


@api.exception_handler(AuthenticationError)
def _unauthenticated(*_: object) -> HttpResponse:
    answer = rest.problem(401, "Unauthorized", "Send a token that is valid: Authorization: Bearer <token>.")
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(Denied)
def _denied(_: HttpRequest, error: Denied) -> HttpResponse:
    return rest.problem(403, "Forbidden", str(error))


@api.exception_handler(Http404)
@api.exception_handler(ObjectDoesNotExist)
def _not_found(*_: object) -> HttpResponse:
    return rest.problem(404, "Not found", "There is nothing here by that name, or not for you.")


@api.exception_handler(Refused)
def _refused(_: HttpRequest, error: Refused) -> HttpResponse:
    return rest.problem(409, "Refused", str(error))


@api.exception_handler(rest.BadRequest)
def _bad(_: HttpRequest, error: rest.BadRequest) -> HttpResponse:
    return rest.problem(error.status, "Cannot be understood", error.detail)


@api.exception_handler(ValidationError)
def _invalid(_: HttpRequest, error: ValidationError) -> HttpResponse:
    return rest.problem(422, "Not valid", " ".join(error.messages))


@api.exception_handler(SchemaError)
def _misshapen(_: HttpRequest, error: SchemaError) -> HttpResponse:
    errors = [{"field": ".".join(str(p) for p in e["loc"][1:]), "problem": str(e["msg"])} for e in error.errors]
    return rest.problem(422, "Not valid", "Some fields cannot be used; `errors` names them.", errors)


@api.exception_handler(Throttled)
def _throttled(_: HttpRequest, error: Throttled) -> HttpResponse:
    answer = rest.problem(429, "Too many requests", "Slow down; `Retry-After` says for how long, in seconds.")
    answer["Retry-After"] = str(int(error.wait or 1))
    return answer


@api.exception_handler(HttpError)
def _http_error(_: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, ValueError | RecursionError):
        return rest.problem(400, "Cannot be read", f"The body is not JSON as it is taken here: {error.__cause__}.")
    return rest.problem(error.status_code, "Cannot be done", str(error))

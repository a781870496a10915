"""Reading services and integrations."""

from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet

from tocsin.core.permissions import Actor, Verb, require
from tocsin.services.models import Integration, Service
from tocsin.sources.registry import OWN, SOURCES

_OPEN = Q(groups__state__in=["triggered", "acknowledged"])


def services(actor: Actor, search: str = "") -> QuerySet[Service]:
    """Each with `open_groups`, how many of its alert groups are not resolved, and `held_groups`, how many of those are
    held back."""
    require(actor, Verb.VIEW)
    found = Service.objects.select_related("team", "policy").annotate(
        open_groups=Count("groups", filter=_OPEN), held_groups=Count("groups", filter=_OPEN & ~Q(groups__held=""))
    )
    found = found.order_by("name")  # said again: a query that counts forgets the model's order
    if search:
        found = found.filter(
            Q(name__icontains=search) | Q(description__icontains=search) | Q(team__name__icontains=search)
        )
    return found


def service(actor: Actor, slug: str) -> Service:
    """`DoesNotExist` when there is none. Its integrations come with it, but for those of its checks."""
    kept = Integration.objects.filter(deleted_at=None).exclude(kind__in=OWN)
    return services(actor).prefetch_related(Prefetch("integrations", kept)).get(slug=slug)


def integrations(actor: Actor, service: str = "") -> QuerySet[Integration]:
    require(actor, Verb.VIEW)
    found = Integration.objects.filter(deleted_at=None).select_related("service")
    return found.filter(service__slug=service) if service else found


def integration(actor: Actor, pk: int) -> Integration:
    return integrations(actor).select_related("service__policy", "service__team").get(pk=pk)


def inbound_url(kind: str, key: str) -> str:
    """Where the monitoring tool sends to: a URL, or an e-mail address. `key` is the raw one, or what stands for it when
    it is shown no more."""
    source = SOURCES[kind]
    if source.is_mailed:
        return source.path.format(key=key, host=settings.MAIL_HOST)
    return str(settings.PUBLIC_URL).rstrip("/") + source.path.format(key=key)


def is_deaf(kind: str) -> bool:
    """Whether nothing can come in, because this Tocsin takes no mails."""
    return SOURCES[kind].is_mailed and not settings.HEARS_MAIL

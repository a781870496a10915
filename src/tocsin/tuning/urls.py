from django.urls import URLPattern, path

from tocsin.tuning.alertmanager import views as tools

_TOOLS = (
    ("api/v2/silences", tools.silences),
    ("api/v2/silence/<str:silence_id>", tools.silence),
    ("api/v2/alerts", tools.alerts),
    ("api/v2/alerts/groups", tools.groups),
    ("api/v2/receivers", tools.receivers),
    ("api/v2/status", tools.status),
    ("-/healthy", tools.healthy),
    ("-/ready", tools.healthy),
    ("api/v2/<path:rest>", tools.unknown),
)


def _for_tools() -> list[URLPattern]:
    """With a bearer token, and with the key in the path; some clients write a slash at the end."""
    bases = ("in/alertmanager/", "in/alertmanager/<str:key>/")
    return [path(base + tail + end, view) for tail, view in _TOOLS for end in ("", "/") for base in bases]


urlpatterns = [*_for_tools()]

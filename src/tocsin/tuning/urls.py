from django.urls import URLPattern, path

from tocsin.tuning.alertmanager import views as tools
from tocsin.tuning.views import kinds, noise, silences

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


urlpatterns = [
    path("services/<slug:slug>/noise/trial/", noise.noise_trial, name="noise_trial"),
    path("silences/", silences.silence_list, name="silences"),
    path("silences/new/", silences.silence_new, name="silence_new"),
    path("silences/preview/", silences.silence_preview, name="silence_preview"),
    path("silences/<str:key>/", silences.silence, name="silence"),
    path("silences/<str:key>/extend/", silences.silence_extend, name="silence_extend"),
    path("silences/<str:key>/expire/", silences.silence_expire, name="silence_expire"),
    path("maintenance/", kinds.maintenances, name="maintenances"),
    path("maintenance/new/", kinds.maintenance_new, name="maintenance_new"),
    path("maintenance/<int:pk>/", kinds.maintenance_edit, name="maintenance_edit"),
    path("maintenance/<int:pk>/end/", kinds.maintenance_end, name="maintenance_end"),
    path("maintenance/<int:pk>/delete/", kinds.maintenance_delete, name="maintenance_delete"),
    path("inhibitions/", kinds.inhibition_list, name="inhibitions"),
    path("inhibitions/new/", kinds.inhibition_new, name="inhibition_new"),
    path("inhibitions/<int:pk>/", kinds.inhibition_edit, name="inhibition_edit"),
    path("inhibitions/<int:pk>/delete/", kinds.inhibition_delete, name="inhibition_delete"),
    path("routes/", kinds.route_list, name="routes"),
    path("routes/new/", kinds.route_new, name="route_new"),
    path("routes/<int:pk>/", kinds.route_edit, name="route_edit"),
    path("routes/<int:pk>/move/", kinds.route_move, name="route_move"),
    path("routes/<int:pk>/delete/", kinds.route_delete, name="route_delete"),
    path("urgency-rules/", kinds.urgency_rule_list, name="urgency_rules"),
    path("urgency-rules/new/", kinds.urgency_rule_new, name="urgency_rule_new"),
    path("urgency-rules/<int:pk>/", kinds.urgency_rule_edit, name="urgency_rule_edit"),
    path("urgency-rules/<int:pk>/move/", kinds.urgency_rule_move, name="urgency_rule_move"),
    path("urgency-rules/<int:pk>/delete/", kinds.urgency_rule_delete, name="urgency_rule_delete"),
    *_for_tools(),
]

from django.urls import include, path, re_path

from tocsin.alerts.views import events, integrations, mapping, services

urlpatterns = [
    path("v2/", include("tocsin.alerts.opsgenie.urls")),
    path("events/quarantined/", events.quarantine, name="quarantine"),
    path("events/<uuid:receipt>/", events.event, name="event"),
    path("events/<uuid:receipt>/retry/", events.event_retry, name="event_retry"),
    path("events/<uuid:receipt>/discard/", events.event_discard, name="event_discard"),
    path("services/", services.services, name="services"),
    # /services/new/ is a form of the services' own
    re_path(r"^services/(?!new/)(?P<slug>[-\w]+)/$", services.service, name="service"),
    path("integrations/", integrations.integrations, name="integrations"),
    path("integrations/<int:pk>/", integrations.integration, name="integration"),
    path("integrations/<int:pk>/test/", integrations.integration_test, name="integration_test"),
    path("integrations/<int:pk>/mapping/", mapping.integration_mapping, name="integration_mapping"),
]

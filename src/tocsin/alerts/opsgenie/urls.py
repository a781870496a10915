from django.urls import path, re_path

from tocsin.alerts.opsgenie import views

urlpatterns = [
    re_path(r"^alerts/?$", views.alerts),
    re_path(r"^alerts/count/?$", views.count),
    re_path(r"^alerts/requests/(?P<receipt>[^/]+)/?$", views.request_status),
    re_path(r"^alerts/.+/(?:notes|logs|recipients|attachments)/?$", views.not_answered),
    path("alerts/<path:identifier>", views.alert),
    re_path(r"^heartbeats\b", views.not_answered),
]

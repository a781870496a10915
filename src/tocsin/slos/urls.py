from django.urls import path

from tocsin.slos import views

urlpatterns = [
    path("slos/", views.slos, name="slos"),
    path("slos/new/", views.slo_new, name="slo_new"),
    path("slos/prometheus/", views.slo_server, name="slo_server"),
    path("slos/prometheus/forget/", views.slo_server_forget, name="slo_server_forget"),
    path("slos/slo-rules.yml", views.slo_rules_file, name="slos_rules"),
    path("slos/slo-tests.yml", views.slo_tests_file, name="slos_tests"),
    path("slos/<slug:slug>/", views.slo, name="slo"),
    path("slos/<slug:slug>/edit/", views.slo_edit, name="slo_edit"),
    path("slos/<slug:slug>/delete/", views.slo_delete, name="slo_delete"),
    path("slos/<slug:slug>/slo-rules.yml", views.slo_rules_file, name="slo_rules"),
    path("slos/<slug:slug>/slo-tests.yml", views.slo_tests_file, name="slo_tests"),
]

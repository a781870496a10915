from django.urls import path

from tocsin.services import views

urlpatterns = [
    path("services/new/", views.service_new, name="service_new"),
    path("services/<slug:slug>/edit/", views.service_edit, name="service_edit"),
    path("services/<slug:slug>/delete/", views.service_delete, name="service_delete"),
    path("integrations/new/", views.integration_new, name="integration_new"),
    path("integrations/<int:pk>/edit/", views.integration_edit, name="integration_edit"),
    path("integrations/<int:pk>/rotate/", views.integration_rotate, name="integration_rotate"),
    path("integrations/<int:pk>/delete/", views.integration_delete, name="integration_delete"),
]

from django.urls import path

from tocsin.audit import views

urlpatterns = [path("settings/audit/", views.audit, name="audit")]

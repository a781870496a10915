from django.urls import path

from tocsin.policies.views import editing, reading

urlpatterns = [
    path("policies/", reading.policies, name="policies"),
    path("policies/new/", editing.policy_new, name="policy_new"),
    path("policies/<slug:slug>/", reading.policy, name="policy"),
    path("policies/<slug:slug>/edit/", editing.policy_edit, name="policy_edit"),
    path("policies/<slug:slug>/delete/", editing.policy_delete, name="policy_delete"),
]

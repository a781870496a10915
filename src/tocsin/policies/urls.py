from django.urls import path

from tocsin.policies.views import editing, places, reading

urlpatterns = [
    path("places/", places.places, name="places"),
    path("places/<int:pk>/secret/", places.place_secret, name="place_secret"),
    path("places/<int:pk>/delete/", places.place_delete, name="place_delete"),
    path("policies/", reading.policies, name="policies"),
    path("policies/new/", editing.policy_new, name="policy_new"),
    path("policies/<slug:slug>/", reading.policy, name="policy"),
    path("policies/<slug:slug>/edit/", editing.policy_edit, name="policy_edit"),
    path("policies/<slug:slug>/delete/", editing.policy_delete, name="policy_delete"),
]

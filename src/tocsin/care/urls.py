from django.urls import path

from tocsin.care import views

urlpatterns = [
    path("care/", views.my_care, name="my_care"),
    path("care/teams/<slug:slug>/", views.team_care, name="team_care"),
    path("care/teams/<slug:slug>/export/", views.team_csv, name="team_care_csv"),
    path("care/teams/<slug:slug>/terms/", views.care_terms, name="care_terms"),
]

from django.urls import path

from tocsin.changes import views

urlpatterns = [
    path("changes/", views.changes, name="changes"),
    path("changes/new/", views.change_new, name="change_new"),
    path("changes/<int:pk>/", views.change, name="change"),
]

from django.urls import path

from tocsin.handoffs import views

urlpatterns = [
    path("handoffs/", views.handoffs, name="handoffs"),
    path("handoffs/<int:pk>/", views.handoff, name="handoff"),
    path("handoffs/<int:pk>/edit/", views.handoff_edit, name="handoff_edit"),
    path("handoffs/<int:pk>/accept/", views.handoff_accept, name="handoff_accept"),
]

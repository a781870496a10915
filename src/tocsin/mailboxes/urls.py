from django.urls import path

from tocsin.mailboxes import views

urlpatterns = [
    path("integrations/<int:pk>/mailbox/", views.mailbox, name="mailbox"),
    path("integrations/<int:pk>/mailbox/remove/", views.mailbox_remove, name="mailbox_remove"),
]

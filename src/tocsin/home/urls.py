from django.urls import path

from tocsin.home import pager, views

urlpatterns = [
    path("", views.home, name="home"),
    path("profile/test/", pager.test_pager, name="test_pager"),
    path("profile/test/<int:pk>/", pager.pager_test, name="pager_test"),
    path("profile/test/<int:pk>/acknowledge/", pager.pager_ack, name="pager_ack"),
]

from django.urls import path

from tocsin.home import dismissing, keeping, pager, views, welcome

urlpatterns = [
    path("", views.home, name="home"),
    path("welcome/", welcome.welcome, name="welcome"),
    path("setup/hide/", welcome.setup_hide, name="setup_hide"),
    path("setup/<slug:step>/", welcome.setup_step, name="setup_step"),
    path("settings/", views.settings, name="settings"),
    path("settings/retention/", keeping.page, name="retention"),
    path("problems/<int:pk>/dismiss/", dismissing.page, name="problem_dismiss"),
    path("find/", views.find, name="find"),
    path("worker.js", views.worker, name="worker"),
    path("help/", views.help_page, name="help"),
    path("profile/test/", pager.test_pager, name="test_pager"),
    path("profile/test/<int:pk>/", pager.pager_test, name="pager_test"),
    path("profile/test/<int:pk>/acknowledge/", pager.pager_ack, name="pager_ack"),
]

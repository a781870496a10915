from django.urls import path

from tocsin.checks.views import editing, reading

urlpatterns = [
    path("checks/", reading.checks, name="checks"),
    path("checks/new/", editing.check_choose, name="check_choose"),
    path("checks/new/<slug:kind>/", editing.check_new, name="check_new"),
    path("checks/of/<slug:slug>/", reading.card, name="checks_card"),
    path("checks/<int:pk>/", reading.check, name="check"),
    path("checks/<int:pk>/edit/", editing.check_edit, name="check_edit"),
    path("checks/<int:pk>/pause/", editing.check_pause, name="check_pause"),
    path("checks/<int:pk>/resume/", editing.check_resume, name="check_resume"),
    path("checks/<int:pk>/delete/", editing.check_delete, name="check_delete"),
    path("checks/<int:pk>/key/", editing.check_key, name="check_key"),
    path("checks/<int:pk>/look/", editing.check_look, name="check_look"),
]

from django.apps import AppConfig


class SlosConfig(AppConfig):
    name = "tocsin.slos"
    default_auto_field = "django.db.models.BigAutoField"

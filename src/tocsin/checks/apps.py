from django.apps import AppConfig


class ChecksConfig(AppConfig):
    name = "tocsin.checks"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "tocsin.ui"
    default_auto_field = "django.db.models.BigAutoField"

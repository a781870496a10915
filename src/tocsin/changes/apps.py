from django.apps import AppConfig


class ChangesConfig(AppConfig):
    name = "tocsin.changes"
    default_auto_field = "django.db.models.BigAutoField"

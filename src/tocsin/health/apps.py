from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "tocsin.health"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "tocsin.services"
    default_auto_field = "django.db.models.BigAutoField"

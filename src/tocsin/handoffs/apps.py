from django.apps import AppConfig


class HandoffsConfig(AppConfig):
    name = "tocsin.handoffs"
    default_auto_field = "django.db.models.BigAutoField"

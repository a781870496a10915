from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "tocsin.policies"
    default_auto_field = "django.db.models.BigAutoField"

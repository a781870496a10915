from django.apps import AppConfig


class PagingConfig(AppConfig):
    name = "tocsin.paging"
    default_auto_field = "django.db.models.BigAutoField"

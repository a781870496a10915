from django.urls import path

from tocsin.paging.views import ack_link, deliveries, group, groups

urlpatterns = [
    path("alerts/", groups.groups, name="groups"),
    path("alerts/bulk/", groups.bulk, name="groups_bulk"),
    path("alerts/<int:pk>/", group.group, name="group"),
    path("alerts/<int:pk>/<slug:verb>/", group.act, name="group_act"),
    path("ack/<str:token>/", ack_link.ack_link, name="ack_link"),
    path("deliveries/", deliveries.deliveries, name="deliveries"),
    path("deliveries/<int:pk>/", deliveries.delivery, name="delivery"),
    path("deliveries/<int:pk>/retry/", deliveries.delivery_retry, name="delivery_retry"),
]

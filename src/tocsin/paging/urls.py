from django.urls import path

from tocsin.paging.views import ack_link, deliveries, group, groups, handing

urlpatterns = [
    path("alerts/", groups.groups, name="groups"),
    path("alerts/bulk/", groups.bulk, name="groups_bulk"),
    path("alerts/views/", groups.view_save, name="view_save"),
    path("alerts/views/<int:pk>/remove/", groups.view_remove, name="view_remove"),
    path("alerts/<int:pk>/", group.group, name="group"),
    path("alerts/<int:pk>/snooze/", handing.snooze, name="group_snooze"),
    path("alerts/<int:pk>/take-over/", handing.take_over, name="group_take_over"),
    path("alerts/<int:pk>/reassign/", handing.reassign, name="group_reassign"),
    path("alerts/<int:pk>/responder/", handing.responder, name="group_responder"),
    path("alerts/<int:pk>/<slug:verb>/", group.act, name="group_act"),
    path("ack/<str:token>/", ack_link.ack_link, name="ack_link"),
    path("deliveries/", deliveries.deliveries, name="deliveries"),
    path("deliveries/<int:pk>/", deliveries.delivery, name="delivery"),
    path("deliveries/<int:pk>/retry/", deliveries.delivery_retry, name="delivery_retry"),
]

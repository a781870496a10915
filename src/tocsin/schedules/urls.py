from django.urls import path

from tocsin.schedules.views import calendars, editing, importing, overriding, reading, replacing, swapping

urlpatterns = [
    path("on-call/", reading.oncall, name="oncall"),
    path("schedules/", reading.schedules, name="schedules"),
    path("schedules/new/", editing.schedule_new, name="schedule_new"),
    path("schedules/<slug:slug>/", reading.schedule, name="schedule"),
    path("schedules/<slug:slug>/edit/", editing.schedule_edit, name="schedule_edit"),
    path("schedules/<slug:slug>/delete/", editing.schedule_delete, name="schedule_delete"),
    path("schedules/<slug:slug>/override/", overriding.override_new, name="override_new"),
    path("schedules/<slug:slug>/overrides/<int:pk>/delete/", overriding.override_delete, name="override_delete"),
    path("schedules/<slug:slug>/swap/", swapping.swap_new, name="swap_new"),
    path("swaps/<int:pk>/", swapping.swap, name="swap"),
    path("swaps/<int:pk>/<str:deed>/", swapping.swap_act, name="swap_act"),
    path("schedules/<slug:slug>/calendar/", importing.calendar_new, name="calendar_new"),
    path("schedules/<slug:slug>/calendars/<int:pk>/<str:deed>/", importing.calendar_act, name="calendar_act"),
    path("schedules/<slug:slug>/replacement/", replacing.replacement_new, name="replacement_new"),
    path("schedules/<slug:slug>/replacements/<int:pk>/end/", replacing.replacement_end, name="replacement_end"),
    path("calendar/<str:token>.ics", calendars.feed, name="calendar_feed"),
    path("calendar-link/", calendars.calendar_link, name="calendar_link"),
    path("calendar-link/<int:pk>/stop/", calendars.calendar_link_drop, name="calendar_link_drop"),
]

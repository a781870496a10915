from django.urls import path

from tocsin.home import views

urlpatterns = [path("", views.home, name="home")]

from django.urls import path

from tocsin.people.views import people, profile, teams, tokens

urlpatterns = [
    path("profile/", profile.profile, name="profile"),
    path("profile/sessions/end/", profile.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("profile/methods/new/", profile.method_new, name="method_new"),
    path("profile/methods/<int:pk>/", profile.method_verify, name="method_verify"),
    path("profile/methods/<int:pk>/code/", profile.method_code, name="method_code"),
    path("profile/methods/<int:pk>/secret/", profile.method_secret, name="method_secret"),
    path("profile/methods/<int:pk>/delete/", profile.method_delete, name="method_delete"),
    path("profile/rules/", profile.rules, name="rules"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.person_invite, name="person_invite"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/role/", people.person_role, name="person_role"),
    path("people/<int:pk>/active/", people.person_active, name="person_active"),
    path("people/<int:pk>/link/", people.person_link, name="person_link"),
    path("invitation/<str:token>/", people.invitation, name="invitation"),
    path("teams/", teams.teams, name="teams"),
    path("teams/new/", teams.team_new, name="team_new"),
    path("teams/<slug:slug>/", teams.team, name="team"),
    path("teams/<slug:slug>/edit/", teams.team_edit, name="team_edit"),
    path("teams/<slug:slug>/delete/", teams.team_delete, name="team_delete"),
    path("settings/tokens/", tokens.tokens, name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
]

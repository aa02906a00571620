"""Addresses of the team."""

from django.urls import path

from config.team.members import views

urlpatterns = [
    path("settings/team", views.team, name="team"),
    path("settings/team/invite", views.invite, name="invite"),
    path("settings/team/invitations/<int:pk>/withdraw", views.withdraw_invitation, name="withdraw_invitation"),
    path("settings/team/<int:pk>", views.edit_member, name="edit_member"),
    path("settings/team/<int:pk>/deactivate", views.deactivate_member, name="deactivate_member"),
    path("settings/team/<int:pk>/reactivate", views.reactivate_member, name="reactivate_member"),
    path("settings/team/<int:pk>/password", views.new_password_link, name="new_password_link"),
]

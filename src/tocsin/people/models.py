"""Who can be paged, and how."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.models import Session
from django.db import models
from django.urls import reverse

from tocsin.core.permissions import Role
from tocsin.sealing import SealedTextField


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser):
    """A person. `id` is what the core calls a person."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=12, choices=[(r.value, r.name.title()) for r in Role], default=Role.RESPONDER)
    time_zone = models.CharField(max_length=64, default="UTC")
    country = models.CharField(max_length=2, blank=True)  # ISO 3166, for public holidays; empty: the team's
    # low urgency waits from then until then on the person's own wall; both or none
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("person", args=[self.pk])


class SignIn(models.Model):
    """Whose a session of Django's is, and which device it was last seen on."""

    session = models.OneToOneField(Session, primary_key=True, on_delete=models.CASCADE, related_name="sign_in")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    device = models.CharField(max_length=60)  # in words
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-seen_at", "session_id"]

    def __str__(self) -> str:
        return self.device


class Team(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("team", args=[self.slug])


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    is_lead = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class Invitation(models.Model):
    """A link that lets one person choose a password; the token is stored as its SHA-256 and shown once."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="invitation")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return f"invitation of {self.user}"


class ContactMethod(models.Model):
    """One way to reach a person: a folder in `channels/` and an address there."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contact_methods")
    kind = models.CharField(max_length=20)  # email, ntfy, webhook, inapp
    label = models.CharField(max_length=60)
    address = SealedTextField(blank=True)  # an e-mail address, a URL; empty for inapp
    secret = SealedTextField(blank=True)  # signing secret or access token, where the channel has one
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.user}: {self.label}"


class Verification(models.Model):
    """A code on its way to a contact method; stored as its SHA-256."""

    method = models.OneToOneField(ContactMethod, on_delete=models.CASCADE, related_name="verification")
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"verification of {self.method}"


class NotificationRule(models.Model):
    """“For high urgency, by this method, so many seconds after the page.” Without any: every verified one at once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="rules")
    urgency = models.CharField(max_length=8, choices=[("high", "High"), ("low", "Low")])
    method = models.ForeignKey(ContactMethod, on_delete=models.CASCADE, related_name="rules")
    delay_seconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["urgency", "delay_seconds", "id"]

    def __str__(self) -> str:
        return f"{self.user}, {self.urgency}: {self.method} after {self.delay_seconds} s"


class ApiToken(models.Model):
    """A bearer token; stored as its SHA-256 and shown once."""

    name = models.CharField(max_length=80)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="api_tokens"
    )  # it acts as
    token_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)  # the first characters, to tell tokens apart
    scopes = models.JSONField(default=list)  # of core.permissions.Scope
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

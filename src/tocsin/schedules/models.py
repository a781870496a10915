"""Schedules as they are written down; `core.rota` says who is on call."""

from django.db import models
from django.urls import reverse

from tocsin.people.models import Team, User
from tocsin.sealing import SealedTextField


class Schedule(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="schedules")
    time_zone = models.CharField(max_length=64)  # IANA; wall times below are in it
    tells_gaps = models.BooleanField(default=True)  # false: nobody on call is meant so, as outside office hours

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("schedule", args=[self.slug])


class Replacement(models.Model):
    """Other layers for a while: holidays, an incident week. Where two overlap the later made one counts."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="replacements")
    name = models.CharField(max_length=60)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="replacement_has_length")
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.schedule}"


class Layer(models.Model):
    """Of the schedule itself, or of one of its replacements."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="layers")
    replacement = models.ForeignKey(Replacement, null=True, blank=True, on_delete=models.CASCADE, related_name="layers")
    position = models.PositiveSmallIntegerField()  # higher counts before lower
    name = models.CharField(max_length=60)
    unit = models.CharField(
        max_length=8, choices=[(u, u.title()) for u in ("hour", "day", "week", "month")], default="week"
    )
    every = models.PositiveSmallIntegerField(default=1)  # the length of a turn, in units
    starts_on = models.DateField()  # the day of the first handoff
    handoff_at = models.TimeField()  # wall time
    until = models.DateTimeField(null=True, blank=True)
    is_shadow = models.BooleanField(default=False)  # its people are told, and are never responsible

    class Meta:
        ordering = ["schedule_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "position"],
                condition=models.Q(replacement__isnull=True),
                name="one_layer_a_position",
            ),
            models.UniqueConstraint(fields=["replacement", "position"], name="one_layer_a_position_replaced"),
        ]

    def __str__(self) -> str:
        return self.name


class Participant(models.Model):
    """A person in a turn of a layer; people of one turn are on call together."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="participants")
    turn = models.PositiveSmallIntegerField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="participations")

    class Meta:
        ordering = ["layer_id", "turn", "id"]
        constraints = [models.UniqueConstraint(fields=["layer", "turn", "user"], name="once_in_a_turn")]

    def __str__(self) -> str:
        return f"{self.user} in {self.layer}"


class Restriction(models.Model):
    """On these weekdays, from `starts` to `ends` on the wall; over midnight when `ends` is not after `starts`."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="restrictions")
    weekdays = models.JSONField()  # list of 0 Monday … 6 Sunday
    starts = models.TimeField()
    ends = models.TimeField()

    def __str__(self) -> str:
        return f"{self.starts}–{self.ends}"


class SwapRequest(models.Model):
    """“Who takes my shift?” Asked of one person or of the whole team; with a `back`, one of theirs is taken for it."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="swaps")
    asker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="swaps_asked")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    asked = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )  # none: the whole team
    back_starts_at = models.DateTimeField(null=True, blank=True)  # the shift of theirs that the asker takes for it
    back_ends_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(
        max_length=10,
        choices=[(s, s.title()) for s in ("open", "accepted", "declined", "withdrawn", "cancelled", "expired")],
        default="open",
    )
    taker = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="swaps_taken")
    declined_by = models.ManyToManyField(User, blank=True, related_name="+")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="swap_has_length")
        ]
        indexes = [models.Index(fields=["state", "starts_at"], name="swap_open")]

    def __str__(self) -> str:
        return f"{self.asker}’s shift in {self.schedule}"

    def get_absolute_url(self) -> str:
        return reverse("swap", args=[self.pk])


class Override(models.Model):
    """For a while, somebody else. They apply in the order in which they were made."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    change = models.CharField(
        max_length=8, choices=[(c, c.title()) for c in ("replace", "add", "remove")], default="replace"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="overrides")
    instead_of = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    swap = models.ForeignKey(SwapRequest, null=True, blank=True, on_delete=models.SET_NULL, related_name="overrides")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="override_has_length")
        ]
        indexes = [models.Index(fields=["schedule", "ends_at"])]

    def __str__(self) -> str:
        return f"{self.user} on {self.schedule}"


class ImportedCalendar(models.Model):
    """Shifts that are decided elsewhere: a layer above or below the schedule's own."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="calendars")
    name = models.CharField(max_length=60)
    url = SealedTextField(blank=True)  # such addresses are secrets; empty: it was pasted or uploaded
    is_above = models.BooleanField(default=True)  # counts before the layers; else only where they have nobody
    text = models.TextField(blank=True)  # the last good copy
    unmatched = models.JSONField(default=list, blank=True)  # what names nobody that Tocsin knows
    tried_at = models.DateTimeField(null=True, blank=True)
    good_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)  # why the last try failed; empty: it did not
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["schedule_id", "id"]

    def __str__(self) -> str:
        return f"{self.name} in {self.schedule}"


class ImportedShift(models.Model):
    """One occurrence, for one person."""

    calendar = models.ForeignKey(ImportedCalendar, on_delete=models.CASCADE, related_name="shifts")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="imported_shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["calendar_id", "starts_at", "id"]
        indexes = [models.Index(fields=["calendar", "ends_at"], name="imported_window")]

    def __str__(self) -> str:
        return f"{self.user} in {self.calendar}"


class CalendarLink(models.Model):
    """A secret address under which calendar programs read shifts: the owner's own, or those of a schedule.

    Each person has links of their own, so that they end with the account and renewing one hurts nobody else.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="calendar_links")
    schedule = models.ForeignKey(
        Schedule, null=True, blank=True, on_delete=models.CASCADE, related_name="calendar_links"
    )  # none: all shifts of the owner
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)  # to the hour

    class Meta:
        ordering = ["owner_id", "schedule_id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "schedule"], name="one_calendar_link_a_schedule"),
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(schedule__isnull=True), name="one_calendar_link_of_ones_own"
            ),
        ]

    def __str__(self) -> str:
        return f"calendar link of {self.owner}"


class Announced(models.Model):
    """A gap or an empty shift that was told, so that it is told once."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="announced")
    what = models.CharField(max_length=80)  # "gap 2026-03-04T12:00:00+00:00", "inactive 7"
    until = models.DateTimeField()  # forgotten after it
    told_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schedule", "what"], name="told_once")]

    def __str__(self) -> str:
        return f"{self.what} of {self.schedule}"

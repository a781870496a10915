"""What people fill in about a mailbox. What may stand in it is asked by the actions."""

from django import forms

from tocsin.mailboxes.actions import HIGHEST_PORT
from tocsin.mailboxes.imap import AFTERWARDS, SECURITIES
from tocsin.mailboxes.models import Mailbox

FIELDS = ("host", "port", "security", "user", "folder", "afterwards", "move_to")


class MailboxForm(forms.Form):
    host = forms.CharField(
        max_length=253, label="IMAP server", widget=forms.TextInput(attrs={"placeholder": "imap.example.org"})
    )
    port = forms.IntegerField(min_value=1, max_value=HIGHEST_PORT, initial=993)
    security = forms.ChoiceField(choices=SECURITIES, initial="tls", label="Encryption")
    user = forms.CharField(
        max_length=255,
        label="User",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Often the whole address.",
    )
    password = forms.CharField(
        required=False,
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Gmail wants an app password here.",
    )
    folder = forms.CharField(max_length=255, initial="INBOX")
    afterwards = forms.ChoiceField(choices=AFTERWARDS, initial="seen", label="When a mail is an alert")
    move_to = forms.CharField(required=False, max_length=255, label="Folder to move it to")

    def __init__(self, row: Mailbox | None, data: object = None) -> None:
        initial = {name: getattr(row, name) for name in FIELDS} if row else {}
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        self.fields["password"].required = row is None
        if row:
            self.fields["password"].help_text = "Leave this empty to keep the one that there is."

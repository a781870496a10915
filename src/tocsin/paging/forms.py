from django import forms


class NoteForm(forms.Form):
    text = forms.CharField(
        max_length=4000,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "What you see, what you tried, who you told"}),
    )

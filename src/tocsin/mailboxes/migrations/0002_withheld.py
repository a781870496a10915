from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0001_initial")]

    operations = [migrations.AddField("mailbox", "withheld", models.JSONField(blank=True, default=dict))]

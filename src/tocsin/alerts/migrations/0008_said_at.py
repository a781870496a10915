from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0007_lighter")]

    operations = [migrations.AddField("alert", "said_at", models.DateTimeField(blank=True, null=True))]

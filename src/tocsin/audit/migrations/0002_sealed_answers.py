from django.db import migrations

import tocsin.sealing


def forget(apps, _):
    """Answers kept so far were not sealed, and some hold tokens. A repeat of one of them is carried out."""
    apps.get_model("audit", "Answered").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name='answered',
            name='body',
            field=tocsin.sealing.SealedTextField(),
        ),
    ]

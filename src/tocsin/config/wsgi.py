"""The pages alone, for a WSGI server of one's own. Tocsin itself serves `config.asgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.config.settings")
application = get_wsgi_application()

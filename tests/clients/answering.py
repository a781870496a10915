"""`python -m tests.clients.answering`: tells what tests want to know of a server's database, as long as they ask.

A line in is a JSON array, the name of a module here and its arguments as words; a line out is what the function that is
called like the module gives. To load Django anew for every question takes seconds of both cores.
"""

import importlib
import json
import sys
import traceback
from typing import Any

from tocsin.config import django_setup

django_setup.setup()

from django.db import close_old_connections  # noqa: E402 - Django has to be set up first


def answer(module: str, *arguments: str) -> Any:
    close_old_connections()
    return getattr(importlib.import_module(module), module.rpartition(".")[2])(*arguments)


def answered(line: str) -> dict[str, Any]:
    try:
        return {"said": answer(*json.loads(line))}
    except Exception:  # noqa: BLE001 - whatever it is, the test shows it
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    for asked in sys.stdin:
        sys.stdout.write(json.dumps(answered(asked)) + "\n")
        sys.stdout.flush()

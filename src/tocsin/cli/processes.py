"""The two processes that `tocsin serve` keeps alive."""

import importlib
import os
import socket

import click
import uvicorn

from tocsin.cli.parent import end_with_parent
from tocsin.cli.stopping import told_to_stop
from tocsin.config import django_setup, logs, pulse
from tocsin.config.environment import MAIL_FD, PULSE_FD, WAS_HUNG


@click.command(hidden=True)
@click.option("--fd", type=int, required=True, help="The listening socket.")
@click.option("--mail-fd", type=int, help="The socket that mails come in by.")
@click.option("--pulse-fd", type=int, help="Where to show that it moves.")
@click.option("--was-hung", is_flag=True, help="The one before stood still and was killed.")
@click.option("--parent", type=int, help="The supervisor.")
def web(fd: int, mail_fd: int | None, pulse_fd: int | None, was_hung: bool, parent: int | None) -> None:  # noqa: FBT001
    """The front door: ingest, live streams and pages."""
    end_with_parent(parent)
    said = {MAIL_FD: mail_fd, PULSE_FD: pulse_fd, WAS_HUNG: "yes" if was_hung else None}
    os.environ.update({name: str(value) for name, value in said.items() if value is not None})
    config = uvicorn.Config(
        "tocsin.config.asgi:application",
        loop="uvloop",
        http="tocsin.config.fast_lane:FastLane",
        proxy_headers=False,  # the application sees to them, for pages only
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=64 * 1024,
    )
    logs.configure()
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=fd)])


@click.command(hidden=True)
@click.option("--pulse-fd", type=int, help="Where to show that it moves.")
@click.option("--was-hung", is_flag=True, help="The one before stood still and was killed.")
@click.option("--parent", type=int, help="The supervisor.")
def engine(pulse_fd: int | None, was_hung: bool, parent: int | None) -> None:  # noqa: FBT001 - click's
    """What acts when time passes."""
    end_with_parent(parent)
    django_setup.setup()
    stop = told_to_stop()
    moved = pulse.sender(pulse_fd) if pulse_fd is not None else None
    loop = importlib.import_module("tocsin.engine.loop")  # needs Django to be set up, which `web` does not carry
    loop.run(stop, moved, was_hung=was_hung)

"""The `tocsin` command. Each subcommand lives in a module of its own, loaded only when it is asked for:
the supervisor must not carry Django around."""

import importlib
import sys

import click

from tocsin import __version__
from tocsin.config.misconfigured import Misconfigured

COMMANDS = {
    "admin": ("tocsin.cli.manage", "admin"),
    "check": ("tocsin.cli.manage", "check"),
    "demo": ("tocsin.cli.demo", "demo"),
    "engine": ("tocsin.cli.processes", "engine"),
    "migrate": ("tocsin.cli.manage", "migrate"),
    "openapi": ("tocsin.cli.openapi", "openapi"),
    "serve": ("tocsin.cli.serve", "serve"),
    "slo": ("tocsin.cli.slos", "slo"),
    "token": ("tocsin.cli.manage", "token"),
    "web": ("tocsin.cli.processes", "web"),
}


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{name} is not a command")
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tocsin")
def tocsin() -> None:
    """Incident management and on-call: alert in, right person paged."""


def main() -> None:
    try:
        tocsin(prog_name="tocsin")
    except Misconfigured as error:
        print(f"tocsin: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()

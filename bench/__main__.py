"""Runs the benchmarks: python -m bench [NAME …] [--json]"""

import importlib
import json
import sys

NAMES = ("ingest", "absorb", "latency", "escalations", "idle", "rota")


def main(arguments: list[str]) -> None:
    names = [a for a in arguments if not a.startswith("-")] or list(NAMES)
    unknown = set(names) - set(NAMES)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}.")
    figures: dict[str, dict[str, object]] = {}
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        figures |= importlib.import_module(f"bench.{name}").run()
    if "--json" in arguments:
        print(json.dumps(figures, indent=2))
    else:
        for name, figure in figures.items():
            print(f"{name:40} {'  '.join(f'{k} {v}' for k, v in figure.items())}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Runs the benchmarks: python -m bench [NAME …] [--json]"""

import importlib
import json
import sys

NAMES = ("ingest", "absorb", "latency", "escalations", "idle", "rota", "storm")


def _complete(figure: dict[str, object]) -> dict[str, object]:
    """Where there is no other program to be measured beside, the bar is the peer; its times are to be undercut."""
    ours, target = figure.get("ours"), figure.get("target")
    if "ratio" not in figure and isinstance(ours, int | float) and isinstance(target, int | float) and ours:
        return {**figure, "peer": target, "ratio": round(target / ours, 2)}
    return {"peer": None, "ratio": None, **figure}


def main(arguments: list[str]) -> None:
    names = [a for a in arguments if not a.startswith("-")] or list(NAMES)
    unknown = set(names) - set(NAMES)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}.")
    figures: dict[str, dict[str, object]] = {}
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        figures |= {key: _complete(figure) for key, figure in importlib.import_module(f"bench.{name}").run().items()}
    if "--json" in arguments:
        print(json.dumps(figures, indent=2))
    else:
        for name, figure in figures.items():
            print(f"{name:40} {'  '.join(f'{k} {v}' for k, v in figure.items())}")


if __name__ == "__main__":
    main(sys.argv[1:])

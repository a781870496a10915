"""Three database machines as deploy/postgresql-ha makes them, each with etcd, Patroni and PostgreSQL.

Every machine is a network namespace on a bridge, so that one can vanish as a machine does whose power is cut: nothing
is refused, nothing is answered. Needs root, and Debian's `patroni`, `etcd-server` and `postgresql`.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

EXAMPLE = Path(__file__).parents[2] / "deploy" / "postgresql-ha"
BRIDGE = "tocsin-ha"
NETWORK = "10.213.57"
PASSWORD = "of a cluster that lives for a minute"
_USER = "postgres"


@dataclass(kw_only=True)
class Machine:
    number: int
    home: Path
    count: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"db{self.number}"

    @property
    def address(self) -> str:
        return _address(self.number)

    @property
    def log(self) -> Path:
        return self.home / "log"

    def plug_in(self) -> None:
        space, cable, end = f"{BRIDGE}-{self.number}", f"{BRIDGE}{self.number}", "eth0"
        _ip("netns", "add", space)
        _ip("link", "add", cable, "type", "veth", "peer", "name", end, "netns", space)
        _ip("link", "set", cable, "master", BRIDGE, "up")
        _ip("-n", space, "link", "set", "lo", "up")
        _ip("-n", space, "addr", "add", f"{self.address}/24", "dev", end)
        _ip("-n", space, "link", "set", end, "up")

    def start(self) -> None:
        self.log.touch()
        (self.home / "config.yml").write_text(self._config())
        shutil.chown(self.home, _USER, _USER)
        self._run(["etcd"], self._etcd())
        self._run(["patroni", str(self.home / "config.yml")], self._patroni())

    def _config(self) -> str:
        """The example as it is, but for where things lie: these machines share their disk."""
        text = (EXAMPLE / "config.yml").read_text().replace("/etc/patroni/", f"{self.home.parent}/")
        own = f"  parameters:\n    unix_socket_directories: {self.home}\n"
        return text.replace("\npostgresql:\n", f"\npostgresql:\n{own}")

    def _run(self, command: list[str], environ: dict[str, str]) -> None:
        inside = ["ip", "netns", "exec", f"{BRIDGE}-{self.number}"]
        user = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"]
        with self.log.open("ab") as output:
            made = subprocess.Popen(
                [*inside, *user, *command],
                env={"PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8", **environ},
                cwd=self.home,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(made)

    def _etcd(self) -> dict[str, str]:
        everybody = ",".join(f"db{n}=http://{_address(n)}:2380" for n in range(1, self.count + 1))
        return {
            "ETCD_DATA_DIR": str(self.home / "etcd"),
            **_example("etcd.example", self.number),
            "ETCD_INITIAL_CLUSTER": everybody,
            "ETCD_LOG_LEVEL": "error",
        }

    def _patroni(self) -> dict[str, str]:
        return {
            **_example("patroni_env.conf.example", self.number),
            "PATRONI_ETCD3_HOSTS": ",".join(f"{_address(n)}:2379" for n in range(1, self.count + 1)),
            "PATRONI_POSTGRESQL_DATA_DIR": str(self.home / "data"),
            "PATRONI_POSTGRESQL_PGPASS": str(self.home / "pgpass"),
            "PATRONI_SUPERUSER_PASSWORD": PASSWORD,
            "PATRONI_REPLICATION_PASSWORD": PASSWORD,
            "ROLE_PASSWORD": PASSWORD,
        }

    def vanish(self) -> None:
        """Its network is gone. Nobody who talks to it hears anything any more, not even that it is gone."""
        _ip("link", "set", f"{BRIDGE}{self.number}", "down")

    def reappear(self) -> None:
        _ip("link", "set", f"{BRIDGE}{self.number}", "up")

    def hand_over(self) -> None:
        """What `patronictl switchover` does: to whoever has everything."""
        body = json.dumps({"leader": self.name}).encode()
        asked = urllib.request.Request(f"http://{self.address}:8008/switchover", body)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            answer.read()

    def kill(self) -> None:
        """`kill -9` of everything that runs on it."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()
        self.processes.clear()

    def unplug(self) -> None:
        self.kill()
        _tidy("link", "del", f"{BRIDGE}{self.number}")  # by itself it would go some time after its namespace
        _tidy("netns", "del", f"{BRIDGE}-{self.number}")

    def _pids(self) -> list[int]:
        asked = ["ip", "netns", "pids", f"{BRIDGE}-{self.number}"]
        said = subprocess.run(asked, check=False, capture_output=True, text=True)
        return [int(pid) for pid in said.stdout.split()]


@dataclass(kw_only=True)
class Cluster:
    machines: list[Machine]
    doubted: Machine | None = None  # which may not know yet what the others do

    @property
    def url(self) -> str:
        places = ",".join(f"{machine.address}:5432" for machine in self.machines)
        return f"postgresql://tocsin:{PASSWORD.replace(' ', '%20')}@{places}/tocsin"

    def members(self) -> dict[str, str]:
        """The role of each, as any that answers has it: leader, sync_standby, replica."""
        for machine in [m for m in self.machines if m != self.doubted]:
            with contextlib.suppress(OSError, urllib.error.URLError, ValueError):
                with urllib.request.urlopen(f"http://{machine.address}:8008/cluster", timeout=1) as answer:
                    said = json.load(answer)["members"]
                return {member["name"]: member["role"] for member in said if member["state"] in _WELL}
        return {}

    def primary(self) -> Machine:
        (name,) = [name for name, role in self.members().items() if role == "leader"]
        return next(machine for machine in self.machines if machine.name == name)

    def wait_for_another_than(self, primary: Machine, within: float) -> None:
        end = monotonic() + within
        while "leader" not in {role for name, role in self.members().items() if name != primary.name}:
            if monotonic() > end:
                raise AssertionError(f"nobody took over from {primary.name} in {within:.0f} s\n{self.tail()}")
            sleep(0.2)

    def wait_until(self, leaders: int, synced: int, others: int, within: float) -> None:
        end = monotonic() + within
        while (seen := sorted(self.members().values())) != sorted(
            ["leader"] * leaders + ["sync_standby"] * synced + ["replica"] * others
        ):
            if monotonic() > end:
                raise AssertionError(f"the cluster is {seen} after {within:.0f} s\n{self.tail()}")
            sleep(0.2)

    def take_down(self) -> None:
        for machine in self.machines:
            machine.unplug()
        _tidy("link", "del", BRIDGE)

    def tail(self, size: int = 3000) -> str:
        return "\n".join(f"== {m.name}\n{m.log.read_text(errors='replace')[-size:]}" for m in self.machines)


_WELL = ("running", "streaming")


@contextlib.contextmanager
def cluster(count: int = 3) -> Iterator[Cluster]:
    root = Path(tempfile.mkdtemp(prefix="tocsin-ha-", dir="/tmp"))
    root.chmod(0o755)
    shutil.copy(EXAMPLE / "make-database", root)
    made = Cluster(machines=[Machine(number=n, home=root / f"db{n}", count=count) for n in range(1, count + 1)])
    made.take_down()  # what a run that was killed has left
    try:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for machine in made.machines:
            machine.home.mkdir(mode=0o700)
            machine.plug_in()
            machine.start()
        made.wait_until(leaders=1, synced=1, others=count - 2, within=90)
        yield made
    finally:
        made.take_down()
        shutil.rmtree(root, ignore_errors=True)


def _example(name: str, number: int) -> dict[str, str]:
    """The example's variables, for the machine of this number and on this network."""
    lines = [line for line in (EXAMPLE / name).read_text().splitlines() if line and not line.startswith("#")]
    ours = {key: value for key, _, value in (line.partition("=") for line in lines)}
    return {
        key: value.replace("10.0.0.11", _address(number)).replace("db1", f"db{number}") for key, value in ours.items()
    }


def _address(number: int) -> str:
    return f"{NETWORK}.{10 + number}"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _tidy(*arguments: str) -> None:
    """What is there no more needs none."""
    subprocess.run(["ip", *arguments], check=False, stderr=subprocess.DEVNULL)

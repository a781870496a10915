"""Settings are checked at start, and a wrong one is answered with the variable and the cure."""

import stat
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from tocsin.config import database_url
from tocsin.config.environment import VARIABLES, read
from tocsin.config.misconfigured import Misconfigured


def given(tmp_path: Path, **variables: str) -> dict[str, str]:
    return {"TOCSIN_DATA": str(tmp_path / "data"), **variables}


@pytest.mark.parametrize(
    ("variable", "value", "cure"),
    [
        # a key that can be guessed
        ("TOCSIN_SECRET_KEY", "short", "at least 32"),
        # a database that Tocsin does not know
        ("TOCSIN_DATABASE_URL", "mysql://host/name", "sqlite:///path or postgresql://"),
        # a server without a database
        ("TOCSIN_DATABASE_URL", "postgresql://host/", "names no database"),
        # a port that is none, also of a second host, and a host that is none
        ("TOCSIN_DATABASE_URL", "postgresql://host:abc/tocsin", "host:5432/name"),
        ("TOCSIN_DATABASE_URL", "postgresql://one:5432,two:abc/tocsin", "host1:5432,host2:5432"),
        ("TOCSIN_DATABASE_URL", "postgresql://one:5432,/tocsin", "no host there"),
        # one that only reads
        ("TOCSIN_DATABASE_URL", "postgresql://one,two/tocsin?target_session_attrs=standby", "read-write, primary"),
        # a file in a directory that is not there
        ("TOCSIN_DATABASE_URL", "sqlite:////nowhere/at/all.db", "Make it"),
        # no file
        ("TOCSIN_DATABASE_URL", "sqlite:///", "sqlite:///path"),
        # what somebody may rely on, and Tocsin would not do
        (
            "TOCSIN_DATABASE_URL",
            "postgresql://host/tocsin?channel_binding=require",
            "It takes host, target_session_attrs",
        ),
        ("TOCSIN_DATABASE_URL", "postgresql://host/tocsin?sslmode=verify", "verify-full"),
        ("TOCSIN_DATABASE_URL", "postgresql://host/tocsin?ssl_min_protocol_version=1.3", "TLSv1.3"),
        # certificates that cannot be read
        ("TOCSIN_DATABASE_URL", "postgresql://host/tocsin?sslrootcert=/nowhere.pem", "no file that this user can read"),
        ("TOCSIN_DATABASE_URL", "postgresql://host/tocsin?sslrootcert=system", "ca-certificates.crt"),
        # no scheme
        ("TOCSIN_PUBLIC_URL", "tocsin.example.org", "http://host or https://host"),
        # no host, or a port that is none
        ("TOCSIN_PUBLIC_URL", "http://[", "Use http://host or https://host"),
        ("TOCSIN_PUBLIC_URL", "https://tocsin.example.org:abc", "Use http://host or https://host"),
        # a path: nothing would be found there
        ("TOCSIN_PUBLIC_URL", "https://example.org/tocsin", "a host of its own: https://example.org"),
        # a name and a password, which every page would say
        ("TOCSIN_PUBLIC_URL", "https://ada:secret@example.org", "a host of its own: https://example.org"),
        # names, and everybody
        ("TOCSIN_PROXIES", "10.0.0.7, proxy.example.org", "172.16.0.0/12"),
        ("TOCSIN_PROXIES", "*", "172.16.0.0/12"),
        # a port that is none
        ("TOCSIN_SMTP_URL", "smtp://mail:abc", "Use smtp://host or smtps://host"),
        # an option that there is not
        ("TOCSIN_SMTP_URL", "smtp://mail.example.org?starttls=no", "?verify=no and nothing else"),
        # nobody whom an answer could be sent to
        ("TOCSIN_MAIL_FROM", "Tocsin", "tocsin@example.org"),
        # more than one header
        ("TOCSIN_MAIL_FROM", "tocsin@example.org\nBcc: all@example.org", "tocsin@example.org"),
        # not a mail server
        ("TOCSIN_SMTP_URL", "http://mail.example.org", "smtp://host or smtps://host"),
        # not a URL that can be fetched
        ("TOCSIN_HEARTBEAT_URL", "ftp://example.org/beat", "http://host or https://host"),
        # no port
        ("TOCSIN_SMTP_LISTEN", "0.0.0.0", "0.0.0.0:25"),
        # no port that there is
        ("TOCSIN_SMTP_LISTEN", "0.0.0.0:99999", "0.0.0.0:25"),
        # an address, where a name belongs
        ("TOCSIN_SMTP_HOST", "alerts@example.org", "tocsin.example.org"),
        # a certificate without its key
        ("TOCSIN_SMTP_CERTIFICATE", "/etc/hostname", "belong together"),
        # neither yes nor no
        ("TOCSIN_ALLOW_PRIVATE", "maybe", "yes, no"),
        # a format that does not exist
        ("TOCSIN_LOG_FORMAT", "xml", "text, json"),
        # a directory where a file is in the way
        ("TOCSIN_DATA", "/dev/null/data", "cannot be written"),
    ],
)
def test_a_wrong_setting_is_named_with_its_cure(tmp_path: Path, variable: str, value: str, cure: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(given(tmp_path, **{variable: value}))
    assert variable in str(caught.value)
    assert cure in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        # characters of a password that end the host, and so are taken for a port
        ("TOCSIN_DATABASE_URL", "postgresql://tocsin:hush/hush@db/tocsin"),
        ("TOCSIN_DATABASE_URL", "postgresql://tocsin:hush#hush@db/tocsin"),
        ("TOCSIN_DATABASE_URL", "postgresql://tocsin:hush@db:hush/tocsin"),
        ("TOCSIN_SMTP_URL", "smtp://tocsin:hush/hush@mail.example.org"),
        # another scheme, none, and options
        ("TOCSIN_SMTP_URL", "http://tocsin:hush@mail.example.org"),
        ("TOCSIN_SMTP_URL", "tocsin:hush@mail.example.org"),
        ("TOCSIN_SMTP_URL", "smtp://tocsin:hush@mail.example.org?starttls=no"),
        ("TOCSIN_HEARTBEAT_URL", "ftp://tocsin:hush@example.org/beat"),
        ("TOCSIN_PUBLIC_URL", "https://tocsin:hush@example.org"),
    ],
)
def test_what_is_said_of_a_wrong_setting_holds_no_password(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(given(tmp_path, **{variable: value}))
    assert variable in str(caught.value)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


def test_a_key_is_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    first = read(given(tmp_path)).secret_key
    assert len(first) >= 32
    assert read(given(tmp_path)).secret_key == first
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600


_KEYS = """
import sys
from tocsin.config.environment import read
for n in range(200):
    print(read({"TOCSIN_DATA": f"{sys.argv[1]}/{n}"}).secret_key)
"""


def test_processes_that_start_together_have_the_same_key(tmp_path: Path) -> None:
    run = [sys.executable, "-c", _KEYS, str(tmp_path)]
    together = [subprocess.Popen(run, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    one, other = (process.communicate()[0].splitlines() for process in together)
    assert len(set(one)) == 200
    assert one == other
    assert not list(tmp_path.glob("*/secret.key.*"))


def test_a_key_is_made_where_files_cannot_be_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", link)
    assert read(given(tmp_path)).secret_key == read(given(tmp_path)).secret_key


def test_an_emptied_key_file_stops_the_start(tmp_path: Path) -> None:
    read(given(tmp_path))
    (tmp_path / "data" / "secret.key").write_text("")
    with pytest.raises(Misconfigured, match="Put the old key back"):
        read(given(tmp_path))


def test_without_settings_everything_has_a_default(tmp_path: Path) -> None:
    found = read(given(tmp_path))
    assert found.database_url == f"sqlite:///{tmp_path}/data/tocsin.sqlite3"
    assert found.public_url == "http://localhost:8000"


@pytest.mark.parametrize(
    ("url", "host", "port", "name", "password"),
    [
        # the usual
        ("postgresql://tocsin:secret@db.example:5433/tocsin", "db.example", "5433", "tocsin", "secret"),
        # characters that a URL must escape
        ("postgresql://tocsin:p%40ss@db/tocsin", "db", "", "tocsin", "p@ss"),
        # several, with a port each, or without; and one that is an address
        ("postgresql://u:s@db1:5433,db2:5434/tocsin", "db1,db2", "5433,5434", "tocsin", "s"),
        ("postgresql://u:s@db1,[::1]:5433/tocsin", "db1,::1", "5432,5433", "tocsin", "s"),
        # a Unix socket, as libpq writes it
        ("postgresql://postgres:@/tocsin?host=/run/postgresql", "/run/postgresql", "", "tocsin", ""),
    ],
)
def test_postgresql_urls_are_read(url: str, host: str, port: str, name: str, password: str) -> None:
    found = database_url.settings(url)
    assert (found["HOST"], found["PORT"], found["NAME"], found["PASSWORD"]) == (host, port, name, password)


def test_how_the_connection_is_secured_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "my ca.pem").write_text("a certificate")
    url = f"postgresql://db/tocsin?sslmode=verify-full&sslrootcert={tmp_path}/my%20ca.pem"
    found = database_url.settings(read(given(tmp_path, TOCSIN_DATABASE_URL=url)).database_url)
    assert isinstance(found["OPTIONS"], dict)
    assert found["OPTIONS"].items() >= {"sslmode": "verify-full", "sslrootcert": f"{tmp_path}/my ca.pem"}.items()


def test_a_public_url_may_end_with_a_slash(tmp_path: Path) -> None:
    found = read(given(tmp_path, TOCSIN_PUBLIC_URL="https://tocsin.example.org:8443/"))
    assert found.public_url == "https://tocsin.example.org:8443"


def test_sqlite_syncs_every_commit() -> None:
    options = database_url.settings("sqlite:////data/x.sqlite3")["OPTIONS"]
    assert isinstance(options, dict)
    assert "synchronous=FULL" in options["init_command"]


def test_every_variable_is_in_the_settings_page() -> None:
    page = Path("docs/settings.md").read_text()
    for variable in VARIABLES:
        assert f"| `{variable.name}` | {variable.default} | {variable.meaning} |" in page

"""Settings are checked at start, and a wrong one is answered with the variable and the cure."""

import stat
from pathlib import Path

import pytest

from tocsin.config.environment import VARIABLES, Misconfigured, database_settings, read


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
        # no scheme
        ("TOCSIN_PUBLIC_URL", "tocsin.example.org", "http://host or https://host"),
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


def test_a_key_is_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    first = read(given(tmp_path)).secret_key
    assert len(first) >= 32
    assert read(given(tmp_path)).secret_key == first
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600


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
        # a Unix socket, as libpq writes it
        ("postgresql://postgres:@/tocsin?host=/run/postgresql", "/run/postgresql", "", "tocsin", ""),
    ],
)
def test_postgresql_urls_are_read(url: str, host: str, port: str, name: str, password: str) -> None:
    found = database_settings(url)
    assert (found["HOST"], found["PORT"], found["NAME"], found["PASSWORD"]) == (host, port, name, password)


def test_sqlite_syncs_every_commit() -> None:
    options = database_settings("sqlite:////data/x.sqlite3")["OPTIONS"]
    assert isinstance(options, dict)
    assert "synchronous=FULL" in options["init_command"]


def test_every_variable_is_in_the_settings_page() -> None:
    page = Path("docs/settings.md").read_text()
    for variable in VARIABLES:
        assert f"| `{variable.name}` | {variable.default} | {variable.meaning} |" in page

"""An issuer of the deployment's own: what it writes counts from anywhere, for 15 minutes, and never in production."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from services.shared.runtime import keys, token_files
from services.shared.runtime.grpc_errors import Unauthenticated
from services.shared.runtime.issuer import ServiceToken
from services.shared.runtime.issuer import main as issue
from services.shared.runtime.settings import SettingsError
from services.shared.runtime.tokens import TokenExpired, Tokens, trusted_keys
from tests.builders.serving import NOON, SetClock, settings_in

OWN = "swtalent/compose"


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def issuing(tmp_path):
    """Settings of the issuer: a keys folder of its own."""
    return settings_in(tmp_path).model_copy(update={"keys_dir": str(tmp_path / "issuer"), "token_issuer": OWN})


@pytest.fixture
def funding(tmp_path, issuing):
    """Settings of a service that trusts it; the files are written."""
    token_files.write(tmp_path / "tokens", issuing, now=NOON.timestamp())
    return settings_in(
        tmp_path,
        service="funding",
        token_issuer=OWN,
        token_keys_file=str(tmp_path / "tokens" / "keys.json"),
        service_token_file=str(tmp_path / "tokens" / "stations.token"),
    )


def verify(settings, clock, token, *, loopback=False):
    return Tokens(trusted_keys(settings), deployment="local", clock=clock).verify(f"Bearer {token}", loopback=loopback)


def test_a_service_token_counts_from_another_container(funding, clock):
    found = verify(funding, clock, ServiceToken(funding, clock).current())

    assert (found.principal.name, found.principal.roles) == ("service/stations", {"service"})


def test_the_local_issuers_token_does_not(tmp_path, funding, clock, monkeypatch, capsys):
    monkeypatch.setenv("SWTALENT_KEYS_DIR", funding.keys_dir)
    assert issue(["--role", "officer"]) == 0
    local = capsys.readouterr().out.strip()
    clock.instant = clock.instant.fromtimestamp(time.time(), clock.instant.tzinfo)

    assert verify(funding, clock, local, loopback=True).local
    with pytest.raises(Unauthenticated):
        verify(funding, clock, local)


def test_a_token_ends_after_15_minutes_and_its_successor_is_read(tmp_path, issuing, funding, clock):
    own = ServiceToken(funding, clock)
    first = own.current()
    tokens = Tokens(trusted_keys(funding), deployment="local", clock=clock)
    clock.instant += timedelta(seconds=token_files.RENEW_EVERY_S)
    token_files.write(tmp_path / "tokens", issuing, now=clock.now().timestamp())
    clock.instant += timedelta(seconds=600)

    with pytest.raises(TokenExpired):
        tokens.verify(f"Bearer {first}", loopback=False)
    assert tokens.verify(f"Bearer {own.current()}", loopback=False)


def test_two_renewals_may_fail_before_a_token_ends():
    assert 2 * token_files.RENEW_EVERY_S + 30 < 15 * 60


def test_the_key_is_made_once_and_alone(issuing, tmp_path):
    token_files.write(tmp_path / "tokens", issuing, now=NOON.timestamp())
    first = (tmp_path / "tokens" / "keys.json").read_text()
    token_files.write(tmp_path / "tokens", issuing, now=NOON.timestamp() + 300)

    assert (tmp_path / "tokens" / "keys.json").read_text() == first
    assert sorted(it.name for it in (tmp_path / "issuer").iterdir()) == [".made", "jwt.key", "jwt.pub"]
    assert {stat.S_IMODE(it.stat().st_mode) for it in (tmp_path / "tokens").iterdir()} == {0o600}
    assert "d" not in json.loads(first)["keys"][0]


def test_a_retired_key_is_still_listed_so_that_its_tokens_run_out(issuing, funding, tmp_path, clock):
    before = ServiceToken(funding, clock).current()
    keys.rotate(tmp_path / "issuer", "jwt")
    token_files.write(tmp_path / "tokens", issuing, now=NOON.timestamp())

    after = (tmp_path / "tokens" / "stations.token").read_text()
    assert len(json.loads((tmp_path / "tokens" / "keys.json").read_text())["keys"]) == 2
    assert verify(funding, clock, before)
    assert verify(funding, clock, after)


@pytest.mark.parametrize("name", ["", "swtalent/local"])
def test_it_has_a_name_of_its_own(issuing, tmp_path, name):
    with pytest.raises(SettingsError, match="SWTALENT_TOKEN_ISSUER"):
        token_files.write(tmp_path, issuing.model_copy(update={"token_issuer": name}), now=0)


def test_it_does_not_run_in_production(issuing, tmp_path):
    with pytest.raises(SettingsError, match="production"):
        token_files.write(tmp_path, issuing.model_copy(update={"environment": "production"}), now=0)

    assert not (tmp_path / "issuer").exists()


def test_the_check_notices_a_file_that_missed_its_renewal(issuing, tmp_path):
    folder = tmp_path / "tokens"
    assert not token_files.fresh(folder, now=time.time())
    token_files.write(folder, issuing, now=time.time())

    assert token_files.main([str(folder), "--check"]) == 0
    old = time.time() - token_files.STALE_AFTER_S
    os.utime(folder / "funding.token", (old, old))
    assert token_files.main([str(folder), "--check"]) == 1


def test_tokens_of_another_issuer_live_15_minutes_at_most(issuing, tmp_path, monkeypatch, capsys):
    keys.init(tmp_path / "issuer", purposes=("jwt",))
    monkeypatch.setenv("SWTALENT_KEYS_DIR", str(tmp_path / "issuer"))

    assert issue(["--issuer", OWN, "--role", "officer", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["expires_in"] == 900
    with pytest.raises(SystemExit):
        issue(["--issuer", OWN, "--role", "officer", "--hours", "1"])
    assert "at most 0.25" in capsys.readouterr().err


def test_the_process_writes_at_once_and_ends_when_it_is_asked_to(tmp_path):
    environment = {**os.environ, "SWTALENT_KEYS_DIR": str(tmp_path / "issuer"), "SWTALENT_TOKEN_ISSUER": OWN}
    command = [sys.executable, "-m", "services.shared.runtime.token_files", str(tmp_path / "tokens")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == f"token files in {tmp_path / 'tokens'}, issuer {OWN}\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    assert token_files.fresh(tmp_path / "tokens", now=time.time())


def test_the_process_says_in_one_line_what_it_lacks(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SWTALENT_KEYS_DIR", str(tmp_path))

    assert token_files.main([str(tmp_path / "tokens"), "--once"]) == 1
    assert capsys.readouterr().err.count("\n") == 1

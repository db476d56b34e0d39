"""Which tokens count: one algorithm, known keys, this deployment, in time, local ones from here only."""

import base64
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from services.shared.runtime import keys
from services.shared.runtime.grpc_errors import Unauthenticated
from services.shared.runtime.issuer import ServiceToken, issue
from services.shared.runtime.issuer import main as issuer
from services.shared.runtime.roles import ROLES
from services.shared.runtime.settings import SettingsError
from services.shared.runtime.tokens import ED25519_ONLY, TokenExpired, TokenMissing, Tokens, trusted_keys
from tests.builders.serving import NOON, SetClock, a_token, settings_in

ISSUER = "https://id.example"


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path)


@pytest.fixture
def tokens(settings, clock):
    return Tokens(trusted_keys(settings), deployment="local", clock=clock)


def verify(tokens, token, *, loopback=True):
    return tokens.verify(f"Bearer {token}", loopback=loopback)


def b64(content):
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changes):
    good = {
        "iss": "swtalent/local",
        "aud": "local",
        "sub": "test",
        "iat": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 600,
        "roles": ["officer"],
        "area": "510100",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(settings, **changes):
    key = keys.load(settings.keys_dir, "jwt")
    secret = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": b64(key.public), "d": b64(key.secret)})
    return jwt.encode({"alg": "EdDSA", "kid": key.kid}, claims(**changes), secret, registry=ED25519_ONLY)


def test_a_good_token_names_the_caller_with_scope_and_permissions(settings, tokens):
    found = verify(tokens, a_token(settings, role="officer", area="510100", name="li", department=""))

    assert (found.principal.name, found.principal.area, found.principal.department) == ("li", "510100", "")
    assert found.permissions == ROLES["officer"]


def test_roles_add_up_and_unknown_ones_allow_nothing(settings, tokens):
    found = verify(tokens, a_token(settings, roles=["auditor", "evaluator", "emperor"]))

    assert found.permissions == ROLES["auditor"] | ROLES["evaluator"]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Basic abc", "abc", "Bearer " + "x" * 9000])
def test_without_a_bearer_token_nobody_is_known(tokens, authorization):
    with pytest.raises(TokenMissing):
        tokens.verify(authorization, loopback=True)


def test_a_token_ends_when_it_says_so_also_when_it_is_remembered(settings, tokens, clock):
    token = a_token(settings, seconds=600)
    verify(tokens, token)

    clock.instant += timedelta(seconds=599)
    verify(tokens, token)
    clock.instant += timedelta(seconds=1)

    with pytest.raises(TokenExpired):
        verify(tokens, token)


def test_a_token_of_another_key_does_not_count(settings, tokens, tmp_path):
    foreign = keys.key_of("jwt", b"\1" * 32)
    with pytest.raises(Unauthenticated):
        verify(tokens, a_token(settings, key=foreign))

    known_kid = keys.Key(keys.load(settings.keys_dir, "jwt").kid, foreign.secret, foreign.public)
    with pytest.raises(Unauthenticated):
        verify(tokens, a_token(settings, key=known_kid))


def test_unsigned_and_symmetric_tokens_do_not_count(settings, tokens):
    key = keys.load_public(settings.keys_dir, "jwt")
    unsigned = f"{b64({'alg': 'none', 'kid': key.kid})}.{b64(claims())}."
    # The classic: the public key taken for a shared secret.
    confused = jwt.encode({"alg": "HS256", "kid": key.kid}, claims(), OctKey.import_key(key.public))
    no_kid = f"{b64({'alg': 'EdDSA'})}.{b64(claims())}.{b64(b'x' * 64)}"

    for token in (unsigned, confused, no_kid):
        with pytest.raises(Unauthenticated):
            verify(tokens, token)


def test_a_token_changed_after_signing_does_not_count(settings, tokens):
    header, _, signature = signed(settings).split(".")

    with pytest.raises(Unauthenticated):
        verify(tokens, f"{header}.{b64(claims(area='510000'))}.{signature}")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "another-deployment"},
        {"aud": ["another", "third"]},
        {"aud": None},
        {"sub": ""},
        {"sub": None},
        {"iat": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": int(NOON.timestamp()) + 12 * 3600 + 1},
        {"iat": int(NOON.timestamp()) + 60},
        {"nbf": int(NOON.timestamp()) + 60},
        {"roles": None},
        {"roles": [1]},
        {"area": None},
        {"area": ""},
        {"area": "990000"},
        {"department": "astrology"},
        {"organisation": 7},
    ],
)
def test_a_claim_that_is_missing_or_wrong_makes_the_token_worthless(settings, tokens, changes):
    assert verify(tokens, signed(settings)).principal.name == "test"

    with pytest.raises(Unauthenticated):
        verify(tokens, signed(settings, **changes))


@pytest.mark.parametrize(
    "token", ["x", "a.b", "a.b.c", "....", "é.é.é", b64({"kid": ["a"]}) + ".b.c", b64([]) + ".b.c"]
)
def test_nonsense_is_refused_as_any_other_token(tokens, token):
    with pytest.raises(Unauthenticated):
        verify(tokens, token)


def test_local_tokens_count_from_this_machine_only(settings, tokens):
    token = a_token(settings)
    verify(tokens, token)

    with pytest.raises(Unauthenticated):
        verify(tokens, token, loopback=False)


def test_only_so_many_tokens_are_remembered(settings, clock):
    tokens = Tokens(trusted_keys(settings), deployment="local", clock=clock, cached=2)
    for number in range(5):
        verify(tokens, a_token(settings, name=f"t{number}"))

    assert len(tokens._known) == 2


def jwk_set(path, *pairs):
    listed = [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(public)} for kid, public in pairs]
    path.write_text(json.dumps({"keys": listed}))
    return str(path)


def test_another_issuers_tokens_live_fifteen_minutes_and_come_from_anywhere(tmp_path, clock):
    key = keys.key_of("jwt", b"\2" * 32)
    settings = settings_in(
        tmp_path, token_issuer=ISSUER, token_keys_file=jwk_set(tmp_path / "jwks", (key.kid, key.public))
    )
    tokens = Tokens(trusted_keys(settings), deployment="local", clock=clock)

    assert verify(tokens, a_token(settings, key=key, issuer=ISSUER, seconds=900), loopback=False)
    with pytest.raises(Unauthenticated):
        verify(tokens, a_token(settings, key=key, issuer=ISSUER, seconds=901))
    with pytest.raises(Unauthenticated):  # the local issuer's name under the other issuer's key
        verify(tokens, a_token(settings, key=key, seconds=900))


def production(tmp_path, keys_file):
    return settings_in(tmp_path).model_copy(
        update={"environment": "production", "token_issuer": ISSUER, "token_keys_file": keys_file}
    )


def test_production_does_not_know_the_local_issuer(tmp_path, clock):
    key = keys.key_of("jwt", b"\2" * 32)
    settings = production(tmp_path, jwk_set(tmp_path / "jwks", (key.kid, key.public)))
    tokens = Tokens(trusted_keys(settings), deployment="local", clock=clock)

    with pytest.raises(Unauthenticated):
        verify(tokens, a_token(settings))


def test_production_refuses_the_local_issuers_key_under_any_name(tmp_path):
    settings_in(tmp_path)
    local = keys.load_public(tmp_path / "keys", "jwt")

    with pytest.raises(SettingsError, match="local token issuer"):
        trusted_keys(production(tmp_path, jwk_set(tmp_path / "jwks", ("another-name", local.public))))


@pytest.mark.parametrize("content", ["", "{}", '{"keys": []}', '{"keys": [{"kty": "RSA"}]}', '{"keys": [{"x": "AA"}]}'])
def test_a_key_set_without_usable_keys_is_named(tmp_path, content):
    (tmp_path / "jwks").write_text(content)

    with pytest.raises(SettingsError, match="SWTALENT_TOKEN_KEYS_FILE"):
        trusted_keys(settings_in(tmp_path, token_issuer=ISSUER, token_keys_file=str(tmp_path / "jwks")))


def test_a_service_renews_its_token_before_it_ends(settings, tokens, clock):
    own = ServiceToken(settings, clock)
    first = own.current()
    found = verify(tokens, first)

    assert (found.principal.name, found.permissions) == ("service/registry", ROLES["service"])
    assert found.until - clock.now().timestamp() == 900
    clock.instant += timedelta(seconds=700)
    assert own.current() == first
    clock.instant += timedelta(seconds=100)
    assert own.current() != first


def test_a_service_reads_the_token_that_the_deployment_keeps_fresh(tmp_path, clock):
    file = tmp_path / "token"
    file.write_text("one\n")
    own = ServiceToken(settings_in(tmp_path, service_token_file=str(file)), clock)
    assert own.current() == "one"

    file.write_text("two\n")
    clock.instant += timedelta(seconds=31)

    assert own.current() == "two"


def test_the_command_makes_one_token_per_role(tmp_path, monkeypatch, capsys):
    settings = settings_in(tmp_path)
    monkeypatch.setenv("SWTALENT_KEYS_DIR", settings.keys_dir)

    assert issuer(["--each", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)

    assert [one["role"] for one in made] == list(ROLES)
    parts = [json.loads(base64.urlsafe_b64decode(one["token"].split(".")[1] + "===")) for one in made]
    assert all(part["exp"] - part["iat"] == 12 * 3600 for part in parts)
    assert {part["department"] for part in parts if "department" in part} == {"civil_affairs"}


def test_the_command_prints_one_bare_token(tmp_path, monkeypatch, capsys, clock):
    settings = settings_in(tmp_path)
    monkeypatch.setenv("SWTALENT_KEYS_DIR", settings.keys_dir)

    assert issuer(["--role", "officer", "--area", "510100", "--hours", "1"]) == 0

    assert capsys.readouterr().out.count(".") == 2


def test_the_command_without_keys_says_how_to_make_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SWTALENT_KEYS_DIR", str(tmp_path))

    assert issuer(["--role", "officer"]) == 1

    assert "swtalent keys init" in capsys.readouterr().err


def test_issue_binds_the_caller_to_what_it_is_given(settings, tokens):
    token = issue(
        keys.load(settings.keys_dir, "jwt"),
        deployment="local",
        name="zhang",
        roles=["individual"],
        now=NOON.timestamp(),
        talent="t1",
        organisation="o1",
    )

    assert (verify(tokens, token).principal.talent, verify(tokens, token).principal.organisation) == ("t1", "o1")

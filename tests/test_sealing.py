"""What is sealed opens only under its key and purpose; tokens and keys have the strength and the form promised."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from standardwebhooks import Webhook

from app.errors import WrongSetting
from app.sealing import (
    Sealer,
    key_hash,
    key_well_formed,
    new_api_key,
    new_signing_secret,
    token_hash,
)
from app.secret_keys import load_keys
from app.settings import Settings, read_settings

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def settings(**given: object) -> Settings:
    return read_settings(_env_file=None, **given)


def test_a_sealed_value_opens_again_and_shows_nothing_of_itself() -> None:
    sealer = Sealer(KEY)

    sealed = sealer.seal(b"secret of the carrier", "account")

    assert sealer.open(sealed, "account") == b"secret of the carrier"
    assert b"secret" not in sealed
    assert sealed != sealer.seal(b"secret of the carrier", "account")
    assert Sealer(KEY).open(sealed, "account") == b"secret of the carrier"


def test_an_empty_value_can_be_sealed() -> None:
    assert Sealer(KEY).open(Sealer(KEY).seal(b"", "x"), "x") == b""


def test_another_key_is_told_from_the_right_one() -> None:
    sealed = Sealer(KEY).seal(b"secret", "account")

    with pytest.raises(WrongSetting, match="sealed under another key: set NOVE_SECRET_KEY"):
        Sealer(OTHER).open(sealed, "account")


@pytest.mark.parametrize(
    ("damage", "purpose"),
    [
        (lambda sealed: sealed, "endpoint"),
        (lambda sealed: sealed[:-1], "account"),
        (lambda sealed: sealed[:5], "account"),
        (lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]), "account"),
    ],
    ids=["another purpose", "cut at the end", "cut in the nonce", "one bit flipped"],
)
def test_what_was_meant_for_elsewhere_or_is_damaged_does_not_open(damage: object, purpose: str) -> None:
    sealed = Sealer(KEY).seal(b"secret", "account")
    assert callable(damage)

    with pytest.raises(WrongSetting, match="does not open"):
        Sealer(KEY).open(damage(sealed), purpose)


def test_nothing_at_all_does_not_open() -> None:
    with pytest.raises(WrongSetting):
        Sealer(KEY).open(b"", "account")


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(WrongSetting, match="NOVE_SECRET_KEY must be base64 of 32 bytes, not of 16"):
        Sealer(b"x" * 16)


def test_a_token_is_the_same_for_the_same_three_and_another_for_any_other() -> None:
    sealer = Sealer(KEY)
    tokens = [
        sealer.page_token("page", ID, 1),
        sealer.page_token("page", ID, 2),
        sealer.page_token("page", ID, 11),
        sealer.page_token("hook", ID, 1),
        sealer.page_token("page", UUID(int=ID.int + 1), 1),
        Sealer(OTHER).page_token("page", ID, 1),
    ]

    assert tokens[0] == Sealer(KEY).page_token("page", ID, 1)
    assert len(set(tokens)) == len(tokens)


def test_a_token_has_at_least_128_bits_and_stands_in_an_address_as_it_is() -> None:
    token = Sealer(KEY).page_token("page", ID, 1)

    assert len(base64.urlsafe_b64decode(token)) * 8 >= 128
    assert token.replace("-", "").replace("_", "").isalnum()
    assert len(token_hash(token)) == 32


def test_an_api_key_carries_256_random_bits_and_its_own_checksum() -> None:
    keys = {new_api_key() for _ in range(200)}

    assert len(keys) == 200
    assert {len(key) for key in keys} == {54}
    assert all(key_well_formed(key) and key.startswith("nove_") for key in keys)
    assert len({key_hash(key) for key in keys}) == 200


def test_a_mistyped_key_is_told_without_the_database() -> None:
    key = new_api_key()
    other = "A" if key[10] != "A" else "B"

    for wrong in (key[:10] + other + key[11:], key[:-1], key + "0", key + "\n", key.replace("nove_", "evon_"), ""):
        assert not key_well_formed(wrong)
    assert not key_well_formed("nove_" + "é" * 49)


def test_a_signing_secret_is_one_that_the_reference_library_takes() -> None:
    secret = new_signing_secret()

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    Webhook(secret)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_the_key_comes_from_the_setting(encode: object) -> None:
    assert callable(encode)
    key = b"\xff\xfe" * 16

    assert load_keys(settings(secret_key=encode(key).decode())) == (key,)


@pytest.mark.parametrize("value", ["", "short", "not base64 at all!", base64.b64encode(b"x" * 31).decode(), "clé"])
def test_a_wrong_key_stops_the_start_names_the_setting_and_is_not_shown(value: str) -> None:
    with pytest.raises(WrongSetting) as caught:
        load_keys(settings(secret_key=value))

    assert str(caught.value) == ("NOVE_SECRET_KEY must be base64 of 32 bytes; make one with: openssl rand -base64 32")


def test_on_postgresql_a_missing_key_stops_the_start_and_says_how_to_make_one() -> None:
    with pytest.raises(WrongSetting, match=r"required on PostgreSQL.*openssl rand -base64 32"):
        load_keys(settings(database_url="postgresql://nove@localhost/nove"))


def test_on_sqlite_a_key_is_made_beside_the_file_and_kept(tmp_path: Path) -> None:
    given = settings(database_url=f"sqlite:///{tmp_path}/new/nove.db")

    first = load_keys(given)

    made = tmp_path / "new" / "nove.db.key"
    assert load_keys(given) == first
    assert [len(key) for key in first] == [32]
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [each.name for each in made.parent.iterdir()] == ["nove.db.key"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    given = settings(database_url=f"sqlite:///{tmp_path}/nove.db")

    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(load_keys, [given] * 64))

    assert len(set(keys)) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["nove.db.key"]


def test_a_key_file_that_is_not_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "nove.db.key").write_bytes(b"\xff\xff")

    with pytest.raises(WrongSetting, match=r"nove\.db\.key cannot be used"):
        load_keys(settings(database_url=f"sqlite:///{tmp_path}/nove.db"))

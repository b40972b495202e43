"""Settings: each wrong one is named in plain words, and one that does not exist is not passed over."""

import os
from pathlib import Path

import pytest

from app.errors import WrongSetting
from app.failpoints import MEANINGS
from app.settings import read_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("NOVE_")]:
        monkeypatch.delenv(name)


def refused() -> str:
    with pytest.raises(WrongSetting) as wrong:
        read_settings()
    return wrong.value.detail.removeprefix("Wrong setting. ").removesuffix(". The README lists every setting.")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MAIL_FROM", "xx", "must hold one e-mail address, as `Nove <nove@example.com>`"),
        ("MAIL_FROM", "", "must hold one e-mail address, as `Nove <nove@example.com>`"),
        ("MAIL_FROM", "a@example.com, b@example.com", "must hold one e-mail address, as `Nove <nove@example.com>`"),
        ("STALE_DAYS", "", "must be a number"),
        ("STALE_DAYS", "0", "must be above 0 and at most 365"),
        ("STALE_DAYS", "inf", "must be above 0 and at most 365"),
        ("STALE_DAYS", "nan", "must be above 0 and at most 365"),
        ("POLL_HOURS", "in_transit=", "in_transit needs a number of hours, as in_transit=2"),
        ("POLL_HOURS", "in_transit=nan", "in_transit must be above 0 hours and at most 8760"),
        ("SHADOW_ADAPTERS", "brt", "name the carrier and the adapter that reads beside its own, as brt=brt_next"),
        ("SHADOW_ADAPTERS", "brt=brt", "'brt' reads its bodies anyhow: name another adapter, as brt=brt_next"),
        ("SHADOW_ADAPTERS", "brt=brt_nxt", "'brt_nxt' is no carrier; `nove carriers` lists them"),
        ("LOG_LEVEL", "loud", "must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("LOG_FORMAT", "xml", "must be 'console' or 'json'"),
        ("OUTBOUND_ALLOW", "10.0.0.0/8,home", "'home' is no network such as 10.0.0.0/8 or ::1/128"),
        ("PUBLIC_URL", "nove.example.com", "must be an address such as https://nove.example.com"),
        ("DATABASE_URL", "mysql://x", "must begin with sqlite:/// or postgresql://"),
        ("TESTING", "perhaps", "must be true or false"),
        ("LEASE_SECONDS", "3", "is for tests of Nove alone: unset it"),
        ("FAILPOINT", "message_sent", "is for tests of Nove alone: unset it"),
    ],
)
def test_one_that_is_wrong(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    """Its variable, and what it must be."""
    monkeypatch.setenv(f"NOVE_{name}", value)

    assert refused() == f"NOVE_{name}: {said}"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LEASE_SECONDS", "0.5", "must be a second at least"),
        ("LEASE_SECONDS", "nan", "must be a second at least"),
        ("FAILPOINT", "message_lost", f"'message_lost' is no failpoint; there are {', '.join(MEANINGS)}"),
        ("FAILPOINT", "message_sent:0", "must name a failpoint and how often it is passed, as message_sent:3"),
    ],
)
def test_one_of_the_tests_alone_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """What only a test may set is no less looked at."""
    monkeypatch.setenv("NOVE_TESTING", "true")
    monkeypatch.setenv(f"NOVE_{name}", value)

    assert refused() == f"NOVE_{name}: {said}"


def test_one_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the environment or in `.env`: it was meant to have an effect."""
    (tmp_path / ".env").write_text("NOVE_SMPT_URL=smtp://x\nNOVE_STALE_DAYS=x\nOTHER=1\n")
    monkeypatch.setenv("NOVE_COLOUR_OF_THE_SKY", "blue")

    assert refused() == (
        "NOVE_COLOUR_OF_THE_SKY: there is no such setting; "
        "NOVE_SMPT_URL: there is no such setting, NOVE_SMTP_URL perhaps; "
        "NOVE_STALE_DAYS: must be a number"
    )


def test_good_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Case does not matter, and the environment wins over the file."""
    (tmp_path / ".env").write_text("nove_log_level=ERROR\nNOVE_MAIL_FROM='Nove, Inc <nove@example.com>'\n")
    monkeypatch.setenv("NOVE_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("NOVE_POLL_HOURS", "in_transit=2, exception=12")
    monkeypatch.setenv("NOVE_MAIL_FROM", "Bottega <posta@bottega.example>")
    settings = read_settings()

    assert (settings.log_level, settings.mail_from) == ("DEBUG", "Bottega <posta@bottega.example>")
    assert settings.poll_hours == {"in_transit": 2, "exception": 12}

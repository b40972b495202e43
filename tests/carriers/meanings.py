"""The tests that carriers' files have in common, each made of the carrier and of what it is to say."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from carriers import Carrier
from carriers.base import UnreadablePayload
from carriers.event import Parcel
from carriers.vocabulary import Status, SubStatus
from tests.carriers.newest import newest
from tests.recorded import recorded

Meaning = tuple[Status, SubStatus | None] | None


def newest_means(
    carrier: Carrier, latest: Mapping[str, Meaning], *, alone: bool = False
) -> Callable[[str, Meaning], None]:
    """The newest event of each recording's first parcel has its meaning; `alone`: there is no other parcel."""

    @pytest.mark.parametrize(("answer", "meaning"), latest.items())
    def test(answer: str, meaning: Meaning) -> None:
        parcels = carrier.parse(recorded(carrier.slug, answer))

        assert newest(parcels).meaning == meaning
        assert len(parcels) == 1 or not alone

    return test


def answers_are(carrier: Carrier, whole: Mapping[str, list[Parcel]]) -> Callable[[str, list[Parcel]], None]:
    """Each recording is read as its parcels, and as nothing else."""

    @pytest.mark.parametrize(("answer", "parcels"), whole.items())
    def test(answer: str, parcels: list[Parcel]) -> None:
        assert carrier.parse(recorded(carrier.slug, answer)) == parcels

    return test


def refuses(carrier: Carrier, bodies: Sequence[bytes]) -> Callable[[bytes], None]:
    """None of these bodies is the carrier's."""

    @pytest.mark.parametrize("body", bodies)
    def test(body: bytes) -> None:
        with pytest.raises(UnreadablePayload):
            carrier.parse(body)

    return test

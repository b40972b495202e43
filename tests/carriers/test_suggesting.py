"""What an unlisted code may mean is suggested by its words, in the languages that carriers write."""

import pytest

from carriers.suggesting import suggested
from carriers.vocabulary import Status, SubStatus

S, U = Status, SubStatus

WORDS = {
    "Spedizione in consegna": (S.OUT_FOR_DELIVERY, None),
    "La spedizione è stata consegnata": (S.DELIVERED, None),
    "Mancata consegna: destinatario assente": (S.FAILED_ATTEMPT, U.RECIPIENT_ABSENT),
    "Restituito al mittente": (S.RETURNED, None),
    "Merce in giacenza": (S.EXCEPTION, U.HELD),
    "Parcel could not be delivered": (S.FAILED_ATTEMPT, None),
    "Delivered to neighbour": (S.DELIVERED, U.TO_NEIGHBOUR),
    "Shipment refused by the recipient": (S.EXCEPTION, U.REFUSED),
    "Held by customs": (S.EXCEPTION, U.CUSTOMS_HOLD),
    "Customs clearance complete": (S.IN_TRANSIT, U.CUSTOMS_CLEARED),
    "Departed hub": (S.IN_TRANSIT, U.DEPARTED),
    "Die Sendung wurde zugestellt": (S.DELIVERED, None),
    "Empfänger nicht angetroffen": (S.FAILED_ATTEMPT, U.RECIPIENT_ABSENT),
    "Die Sendung liegt in der Packstation": (S.AVAILABLE_FOR_PICKUP, U.LOCKER),
    "Colis livré": (S.DELIVERED, None),
    "Colis non livré": (S.FAILED_ATTEMPT, None),
    "Retour à l'expéditeur": (S.EXCEPTION, U.RETURNING),
    "En reparto": (S.OUT_FOR_DELIVERY, None),
    "Envío no entregado": (S.FAILED_ATTEMPT, None),
    "Saiu para entrega": (S.OUT_FOR_DELIVERY, None),
    "Pakket bezorgd": (S.DELIVERED, None),
    "Doręczono": (S.DELIVERED, None),
    "Försändelsen är levererad": (S.DELIVERED, None),
    "LEFT_WITH_NEIGHBOUR": (S.DELIVERED, U.TO_NEIGHBOUR),
    "OutForDelivery": (S.OUT_FOR_DELIVERY, None),
    "Shipment information received": (S.AWAITING_PICKUP, U.INFO_RECEIVED),
}


@pytest.mark.parametrize(("text", "meaning"), WORDS.items())
def test_words_suggest_a_row(text: str, meaning: tuple[Status, SubStatus | None]) -> None:
    """The phrase and its language are told with it."""
    found = suggested(text)

    assert found is not None
    assert ((found.row.status, found.row.sub_status), bool(found.phrase), len(found.language)) == (meaning, True, 2)


@pytest.mark.parametrize("text", ["", "D47", "teleported", "Altro", "see remarks"])
def test_words_that_say_nothing_suggest_nothing(text: str) -> None:
    """Rather no suggestion than a guess."""
    assert suggested(text) is None

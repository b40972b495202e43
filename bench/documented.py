"""The fields that carriers document beside those of the tests' recordings, so that a measured answer has its full size.

After the shapes in carriers' public documentation; values are made up. An object fills in what an object lacks, and
each object of a list; a list is added to a list. Fields that a client has to ask for (UPS's milestones) are left out.
"""

from collections.abc import Mapping
from typing import Any

ADDRESS = {"city": "PADOVA", "stateOrProvinceCode": "PD", "postalCode": "35100", "countryCode": "IT"}

UPS = {
    "activity": {
        "location": {"address": {"stateProvince": "VI", "postalCode": "36100"}, "slic": "4821"},
        "status": {"simplifiedTextDescription": "On the Way"},
    },
    "packageCount": 1,
    "currentStatus": {"simplifiedTextDescription": "On the Way"},
    "deliveryDate": [{"type": "SDD", "date": "20260312"}],
    "deliveryTime": {"type": "EOD", "startTime": "", "endTime": "190000"},
    "deliveryInformation": {"receivedBy": "BIANCHI", "location": "Reception"},
    "accessPointInformation": {"pickupByDate": ""},
    "service": {"code": "011", "description": "UPS Standard"},
    "weight": {"weight": "3.20", "unitOfMeasurement": "KGS"},
    "paymentInformation": [{"type": "COD", "amount": "0.00", "currency": "EUR", "paid": False}],
}

FEDEX = {
    "latestStatusDetail": {
        "scanLocation": ADDRESS,
        "ancillaryDetails": [],
        "delayDetail": {"type": "", "subType": "", "status": "ON_TIME"},
    },
    "scanEvents": {"locationId": "PDOA", "locationType": "FEDEX_FACILITY", "scanLocation": ADDRESS},
    "dateAndTimes": [
        {"type": "ACTUAL_PICKUP", "dateTime": "2026-03-10T18:02:00+01:00"},
        {"type": "SHIP", "dateTime": "2026-03-10T00:00:00+01:00"},
        {"type": "SHIPMENT_DATA_RECEIVED", "dateTime": "2026-03-10T15:00:00+01:00"},
    ],
    "estimatedDeliveryTimeWindow": {"window": {"begins": "", "ends": ""}},
    "standardTransitTimeWindow": {"window": {"begins": "", "ends": "2026-03-13T18:00:00+01:00"}},
    "deliveryDetails": {
        "receivedByName": "",
        "signedByName": "",
        "locationType": "",
        "locationDescription": "",
        "deliveryAttempts": "0",
        "actualDeliveryAddress": ADDRESS,
    },
    "serviceDetail": {"type": "INTERNATIONAL_PRIORITY", "description": "FedEx International Priority"},
    "packageDetails": {"count": "1", "sequenceNumber": "1", "packagingDescription": {"description": "Your Packaging"}},
    "shipmentDetails": {"weight": [{"value": "3.2", "unit": "KG"}, {"value": "7.1", "unit": "LB"}]},
    "additionalTrackingInfo": {
        "hasAssociatedShipments": False,
        "packageIdentifiers": [{"type": "SHIPPER_REFERENCE", "values": ["ORD-17"], "trackingNumberUniqueId": ""}],
    },
}

DHL_PLACE = {"location": {"address": {"countryCode": "ES", "postalCode": "08040", "addressLocality": "BARCELONA"}}}
DHL = {
    "status": {"remark": "", "nextSteps": "", **DHL_PLACE},
    "events": {"remark": "", "nextSteps": "", **DHL_PLACE},
    "serviceUrl": "https://www.dhl.com/tracking?tracking-id=1234567891",
    "rerouteUrl": "https://www.dhl.com/reroute?tracking-id=1234567891",
    "estimatedTimeOfDeliveryRemark": "By End of Day",
    "details": {
        "product": {"productName": "EXPRESS WORLDWIDE"},
        "totalNumberOfPieces": 1,
        "pieceIds": ["JD014600001234567890"],
        "weight": {"value": 3.2, "unitText": "kg"},
        "references": [{"number": "ORD-17", "type": "shipment-reference"}],
    },
}

PARTY = {"ragione_sociale": "BOTTEGA", "indirizzo": "VIA 1", "cap": "40100", "localita": "BOLOGNA", "sigla_area": "BO"}
BRT = {
    "dati_spedizione": {
        "stato_sped_parte2": "",
        "descrizione_stato_sped_parte2": "",
        "filiale_arrivo_url": "https://www.brt.it/",
        "porto": "F",
        "tipo_porto": "FRANCO",
        "servizio": "C",
        "tipo_servizio": "ESPRESSO",
    },
    "dati_consegna": {
        "data_cons_richiesta": "",
        "ora_cons_richiesta": "",
        "tipo_cons_richiesta": "",
        "descrizione_cons_richiesta": "",
    },
    "riferimenti": {"riferimento_partner_estero": ""},
    "mittente": {"codice": "0840001", **PARTY},
    "destinatario": {**PARTY, "telefono_referente": "", "referente_consegna": ""},
    "merce": {"colli": 1, "peso_kg": "3.2", "volume_m3": "0.012", "natura_merce": ""},
    "contrassegno": {"contrassegno_importo": 0, "contrassegno_divisa": "EUR", "contrassegno_incasso": ""},
    "assicurazione": {"assicurazione_importo": 0, "assicurazione_divisa": "EUR"},
}

DOCUMENTED: Mapping[str, Any] = {
    "ups": {"trackResponse": {"shipment": {"package": UPS}}},
    "fedex": {"output": {"completeTrackResults": {"trackResults": FEDEX}}},
    "dhl_unified": {"shipments": DHL},
    "brt": {"ttParcelIdResponse": {"currentTimeUTC": "2026-03-05T09:00:00Z", "bolla": BRT}},
}
"""By the carrier's slug; what Poste Italiane documents stands in the recordings."""


def filled(given: Any, documented: Any) -> Any:
    """The answer with the documented fields that it lacks."""
    if isinstance(given, dict) and isinstance(documented, dict):
        lacking = {name: value for name, value in documented.items() if name not in given}
        return {name: filled(value, documented.get(name)) for name, value in given.items()} | lacking
    if isinstance(given, list) and isinstance(documented, dict):
        return [filled(each, documented) for each in given]
    return [*given, *documented] if isinstance(given, list) and isinstance(documented, list) else given

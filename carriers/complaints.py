"""What is wrong, where a carrier says it in Spanish words alone, without a public list of codes."""

import re

from carriers.base import CarrierUnavailable, CredentialsRefused
from carriers.phrases import plain

A_USER = re.compile("usuario|password|contrasena|clave|login|credencial|autentic|autoriza|permis")
NO_NUMBER = re.compile("no (existe|hay|se (encuentra|encontr|ha))|no encontrad|inexistente|sin (datos|resultados)")
"""As `plain` writes them."""


def unknown(complaint: str) -> bool:
    """Whether it says that the number is not known."""
    said = plain(complaint)
    return NO_NUMBER.search(said) is not None and A_USER.search(said) is None


def refuse(name: str, complaint: str) -> None:
    """Raise what a complaint of the carrier of this name means, unless there is none or it is about the number."""
    if A_USER.search(plain(complaint)):
        raise CredentialsRefused(f"{name} says: {complaint}")
    if complaint and not unknown(complaint):
        raise CarrierUnavailable(f"{name} says: {complaint}")

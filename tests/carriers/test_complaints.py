"""What is wrong, in Spanish words alone."""

import pytest

from carriers.base import CarrierUnavailable, CredentialsRefused
from carriers.complaints import refuse, unknown

OF_THE_USER = ("Usuario o contraseña incorrectos", "No existe el usuario", "Sin permisos")
OF_THE_NUMBER = ("No se encontraron resultados", "El envío no existe", "Expedición inexistente", "Sin datos")


@pytest.mark.parametrize("complaint", OF_THE_USER)
def test_a_complaint_about_the_user_is_none_about_the_number(complaint: str) -> None:
    assert not unknown(complaint)
    with pytest.raises(CredentialsRefused, match=f"Acme says: {complaint}"):
        refuse("Acme", complaint)


@pytest.mark.parametrize("complaint", OF_THE_NUMBER)
def test_a_complaint_about_the_number_is_an_answer(complaint: str) -> None:
    assert unknown(complaint)
    refuse("Acme", complaint)


def test_any_other_is_the_services_trouble_and_none_is_none() -> None:
    refuse("Acme", "")
    with pytest.raises(CarrierUnavailable, match="Acme says: Error interno"):
        refuse("Acme", "Error interno")

"""Every column that can name a person stands in the map of what is kept, and is emptied or deleted as it says."""

from app.personal import PERSONAL, Kept, about_a_shipment, can_name, classified, emptied
from app.schema import metadata


def test_every_column_is_in_a_class() -> None:
    """A new column that can hold words, a document or a day is put into `app/personal.py`."""
    said = [(table, column) for table, column, _ in classified()]
    there = {(table.name, column.name) for table in metadata.sorted_tables for column in table.c if can_name(column)}

    assert there - set(said) == set(), "of no class: say in app/personal.py how long it is kept"
    assert set(said) - there == set(), "no such column"
    assert len(said) == len(set(said))


def test_what_names_a_contact_can_be_emptied() -> None:
    """Each column takes nothing, an empty text or document; its table is one that the job goes through."""
    through = {"shipments", "events", "messages", "orders", "unmapped"}
    named = {table for table, classes in PERSONAL.items() if Kept.CONTACT in classes}

    assert named <= through | {table.name for table in about_a_shipment()}
    assert emptied(metadata.tables["shipments"])["metadata"] == {}
    assert emptied(metadata.tables["shipments"])["recipient"] is None
    assert emptied(metadata.tables["events"]) == {"text": "", "author": ""}

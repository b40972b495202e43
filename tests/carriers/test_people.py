"""People in carriers' texts are left out, and what happened is left in."""

import pytest

from carriers.people import unnamed


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Delivered, signed by J DOE", "Delivered, signed by"),
        ("Delivered (Signed for by: J. Doe)", "Delivered (Signed for by)"),
        ("Recipient: Jane Doe, front door", "Recipient:, front door"),
        ("快件交给张三，正在派送途中（联系电话：138 0000 0000）", "快件交给，正在派送途中（联系电话：）"),
        ("已签收，签收人是李四", "已签收，签收人是"),
        ("Call +39 055 000 0000 today", "Call today"),
        ("Delivery on 2026-03-05, parcel 00340000000000000001", "Delivery on 2026-03-05, parcel 00340000000000000001"),
        ("Handed over to the courier in Milano", "Handed over to the courier in Milano"),
    ],
)
def test_names_and_telephone_numbers_are_left_out(text: str, left: str) -> None:
    assert unnamed(text) == left

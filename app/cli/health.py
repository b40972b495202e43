"""How a carrier does, for a terminal."""

from typing import Any

from rich.table import Table
from rich.text import Text

STYLES = {"well": "green", "failing": "yellow", "resting": "yellow", "disabled": "bold red"}
COLUMNS = ("account", "state", "calls", "success", "not found", "seconds", "throttled", "quota", "delay", "unmapped")


def table(told: dict[str, Any]) -> Table:
    """A row for each account; what is wrong with one stands below it."""
    hours = f"{told['since'][:16]} to {told['until'][:16]} UTC"
    made = Table(title=f"{told['name']}, {hours}", title_justify="left", min_width=80)
    for column in COLUMNS:
        made.add_column(column)
    for each in told["accounts"]:
        calls, news, quota = each["calls"], each["news"], each["quota"]
        made.add_row(
            Text(f"{each['name']}\n{each['id']}"),
            Text(each["state"], style=STYLES[each["state"]]),
            str(calls["calls"]),
            _share(calls["success"]),
            _share(calls["not_found"]),
            _number(calls["mean_seconds"]),
            str(calls["throttled"]),
            f"{quota['used']} of {quota['limit']}{', short' if quota['short'] else ''}" if quota else "-",
            _minutes(news["median_delay_seconds"]),
            _share(news["unmapped"]),
        )
    return made


def complaints(told: dict[str, Any]) -> list[str]:
    """A line for each account that is not well: since when, and why."""
    return [
        f"{each['name']} is {each['state']}: {each['disabled_reason'] or each['last_error']} "
        f"(it last answered {each['since'] or 'never'})"
        for each in told["accounts"]
        if each["state"] != "well"
    ]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:.0f} min"

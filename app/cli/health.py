"""How a carrier does, for a terminal: a few lines for each account, which fit the narrowest."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

STYLES = {"well": "green", "failing": "yellow", "resting": "yellow", "disabled": "bold red"}


def lines(told: dict[str, Any]) -> Iterator[Text]:
    """The window, then each account: its state, and why if it is not well; its figures; `-` is nothing to say."""
    yield Text(f"{told['name']}, {told['since'][:16]} to {told['until'][:16]} UTC")
    for each in told["accounts"]:
        yield Text()
        state = Text(each["state"], style=STYLES[each["state"]])
        yield Text.assemble(f"{each['name']} ({each['id']}): ", state)
        for name, figures in _figures(each):
            yield Text(f"  {name:<9} {figures}")
        if each["state"] != "well":
            yield Text(f"  {_complaint(each)}")


def _figures(account: dict[str, Any]) -> Iterator[tuple[str, str]]:
    calls, news, quota = account["calls"], account["news"], account["quota"]
    subscriptions = account["subscriptions"]
    yield "calls", f"{calls['calls']}, {_share(calls['success'])} answered, {_seconds(calls['mean_seconds'])} each"
    yield "refused", f"{calls['throttled']} throttled, {calls['credentials_refused']} for their credentials"
    yield "parcels", f"{calls['parcels']} asked about, {_share(calls['not_found'])} not found"
    if quota:
        short = f", short: {quota['due']} wait" if quota["short"] else ""
        yield "quota", f"{quota['used']} of {quota['limit']} used{short}"
    yield "news", f"{_minutes(news['median_delay_seconds'])} late, {_share(news['unmapped'])} in no table"
    if subscriptions:
        yield "pushes", ", ".join(f"{number} {state}" for state, number in sorted(subscriptions.items()))


def _complaint(account: dict[str, Any]) -> str:
    since = f"since {account['since'][:16]} UTC" if account["since"] else "yet"
    again = f" (asked again after {account['open_until'][:16]} UTC)" if account["state"] == "resting" else ""
    return f"it has not answered {since}{again}: {account['disabled_reason'] or account['last_error']}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:.0f} min"

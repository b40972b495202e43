"""How the benchmark judges; what it measures is no test's matter."""

import pytest

from bench.ratios import Line, geometric_mean, in_turn, table


@pytest.mark.parametrize(
    ("ratios", "met"),
    [((0.1, 0.14, 0.9), "missed"), ((0.15,), "met"), ((0.2, 0.29, 0.1), "met"), ((0.3, 0.3, 0.1), "stretch")],
)
def test_the_median_is_held_against_the_goal(ratios: tuple[float, ...], met: str) -> None:
    """One lucky or unlucky round decides nothing."""
    assert Line("parsing", ratios, 0.15, 0.3).met == met


def test_the_last_column_says_whether_a_goal_is_met() -> None:
    """Programs read the table; a line without a goal has none to meet."""
    shown = table([Line("one", (0.5, 0.25, 1.0), 0.4, 0.6), Line("another", (2.0,))])

    assert [row.split() for row in shown.splitlines()] == [
        ["ratio", "goal", "stretch", "min", "max", "met"],
        ["one", "0.500", "0.40", "0.60", "0.250", "1.000", "met"],
        ["another", "2.000", "2.000", "2.000", "-"],
    ]


def test_the_mean_is_taken_round_by_round() -> None:
    """Rounds of several pairs are brought together as they ran, by their geometric mean."""
    mean = geometric_mean("all", [Line("a", (0.1, 0.4)), Line("b", (0.4, 0.9))], 0.15, 0.3)

    assert mean.ratios == pytest.approx((0.2, 0.6))


def test_a_round_in_which_the_machine_changed_is_done_again() -> None:
    """The sides run in turn; a bare side that was over 1.3 times off its usual speed says nothing."""
    bare = iter([100.0, 100.0, 40.0, 110.0])

    assert in_turn(3, lambda: next(bare), lambda: 50.0) == pytest.approx([0.5, 0.5, 50 / 110])


def test_a_machine_that_never_settles_is_measured_all_the_same() -> None:
    """After three times the rounds, what there is counts."""
    bare = iter([10.0, 100.0, 1000.0, 10_000.0, 1.0, 100_000.0])

    assert len(in_turn(2, lambda: next(bare), lambda: 1.0)) == 2

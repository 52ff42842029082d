"""The linear program: the cheapest fractions of nodes that hold all pods, solved by HiGHS."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from karptui.engine.bound.columns import Column
from karptui.engine.bound.demand import Demand, Rule
from karptui.model.quantity import NANO

SMALLEST_SCALE = {"memory": 2**30 * NANO, "ephemeral-storage": 2**30 * NANO}
"""Amounts of these are told in GiB, all others in whole units, so that the solver meets no huge numbers."""


class NoSolver(Exception):
    """HiGHS is not installed."""


def solve(columns: Sequence[Column], demands: Sequence[Demand], reserved: dict[str, int]) -> tuple[float, list[float]]:
    """The least price (USD an hour) and how much of each column it buys. Raises NoSolver without `highspy`.

    min Σ price · x, where y is how many pods of a demand go to a column: Σ y = count for every demand,
    amounts · y <= room · x for every resource, and pods that may share a node only so often <= that · x.
    """
    try:
        highspy: Any = import_module("highspy")
    except ImportError:
        raise NoSolver from None
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    infinity = model.inf
    for column in columns:
        model.addVar(0.0, infinity)
        model.changeColCost(model.getNumCol() - 1, column.price)
    shares = [
        [number for number in range(len(columns)) if columns[number].takes >> row & 1] for row in range(len(demands))
    ]
    places: dict[tuple[int, int], int] = {}
    for row, demand in enumerate(demands):
        first = model.getNumCol()
        for offset, number in enumerate(shares[row]):
            model.addVar(0.0, infinity)
            places[row, number] = first + offset
        _row(model, demand.pods, demand.pods, {first + offset: 1.0 for offset in range(len(shares[row]))})
    for number, column in enumerate(columns):
        held = [row for row in range(len(demands)) if column.takes >> row & 1]
        names = sorted({name for row in held for name, amount in demands[row].amounts if amount > 0})
        for name in names:
            scale = SMALLEST_SCALE.get(name, NANO)
            wanted = {places[row, number]: dict(demands[row].amounts).get(name, 0) / scale for row in held}
            wanted = {place: amount for place, amount in wanted.items() if amount}
            _row(model, -infinity, 0.0, {**wanted, number: -column.room.get(name, 0) / scale})
        rules: dict[Rule, list[int]] = {}
        for row in held:
            for rule in demands[row].rules:
                rules.setdefault(rule, []).append(row)
        for rule, rows in rules.items():
            _row(model, -infinity, 0.0, {**{places[row, number]: 1.0 for row in rows}, number: -float(rule[2])})
    for name, most in reserved.items():
        taken = {number: 1.0 for number, column in enumerate(columns) if column.reservation == name}
        if taken:
            _row(model, 0.0, float(most), taken)
    model.run()
    solution = list(model.getSolution().col_value)
    return float(model.getInfo().objective_function_value), solution[: len(columns)]


def _row(model: Any, lower: float, upper: float, entries: dict[int, float]) -> None:
    numpy: Any = import_module("numpy")
    model.addRow(
        lower,
        upper,
        len(entries),
        numpy.array(list(entries), dtype=numpy.int32),
        numpy.array(list(entries.values()), dtype=numpy.float64),
    )

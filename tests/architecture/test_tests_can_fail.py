"""Tests must be able to fail: no one-sided tolerance, no comparison without an assert."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
FILES = sorted(TESTS.rglob("test_*.py"))


def one_sided_tolerances(source: str) -> list[int]:
    """Return lines asserting ``a - b < tolerance`` without abs(): true for any a far below b."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assert)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.BinOp)
        and isinstance(node.test.left.op, ast.Sub)
        and isinstance(node.test.ops[0], ast.Lt | ast.LtE)
        and isinstance(node.test.comparators[0], ast.Constant)
        and isinstance(node.test.comparators[0].value, float)
    ]


def bare_comparisons(source: str) -> list[int]:
    """Return lines that compare and throw the answer away."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Compare)
    ]


def test_the_finders_find():
    assert one_sided_tolerances("assert a - b < 1e-6") == [1]
    assert one_sided_tolerances("assert abs(a - b) < 1e-6") == []
    assert bare_comparisons("x == 1") == [1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_assertion_can_fail(path):
    source = path.read_text(encoding="utf-8")
    assert one_sided_tolerances(source) == []
    assert bare_comparisons(source) == []


def test_module_names_are_unique():
    names = [path.name for path in FILES]
    assert sorted(set(names)) == sorted(names)

"""``xm calc`` on FICC's charges, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys


def calc(name: str, document: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crossmargin", "calc", name],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_array_answers_in_order_and_names_the_refused_item():
    day = {"var_charge": "1000000", "date": "2026-10-09"}
    done = calc("holiday-charge", [day, {**day, "date": "2026-10-10"}, {**day, "extra_days": 0}])
    assert done.returncode == 1
    first, *others = json.loads(done.stdout)
    assert first["holiday_charge"] == "154701.00"
    assert [each["refused"]["field"] for each in others] == ["date", "date"]
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["item 1", "item 2"]


def test_the_minimum_of_a_segregated_customer():
    done = calc("customer-minimum", {"requirement": "999999.99"})
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"requirement": "1000000.00", "minimum_top_up": "0.01"}


def test_an_input_that_may_be_left_out_stands_in_brackets_and_nothing_else():
    done = subprocess.run(
        [sys.executable, "-m", "crossmargin", "calc", "--list"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "requirement, [minimum]" in done.stdout
    assert "\\" not in done.stdout

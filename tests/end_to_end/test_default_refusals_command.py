"""What ``xm default simulate`` does not take: status 1 with every fault, 2 for the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossmargin.testing.simulated_defaults import FIRM, SHOCK, xm_default


@pytest.mark.parametrize(
    ("more", "text", "said"),
    [
        ((), FIRM.replace("DEMO-BD-FCM", "OTHER"), "one firm fails at a time"),
        ((), FIRM.replace("CURVE-FUND", "NOBODY"), "a customer who is closed out"),
        (
            (),
            FIRM.replace("MERCHANT", "REPO-CUSTOMER"),
            "firm.toml: futures_customer 1 customer_id was 'REPO-CUSTOMER', expected a customer "
            "without positions",
        ),
        (("--customer-defaults", "NOBODY"), FIRM, "--customer-defaults was 'NOBODY'"),
        (("--set", "default_management.reach=1"), FIRM, "reach"),
        (
            (
                *("--set", "default_management.distribution=framework_one"),
                *("--set", "default_management.framework_one_left_over=stays"),
            ),
            FIRM,
            "helps_other where framework 1 is of record",
        ),
        ((), "bd_fcm = 5", "a text that is not empty"),
        (
            (),
            'non_public = ["TYPO"]\n' + FIRM,
            "firm.toml: non_public was 'TYPO', expected a claimant",
        ),
        (
            (),
            FIRM + '[[debt]]\nclaimant = "TYPO"\nowed_by_customer = "1.00"\n',
            "firm.toml: debt 1 claimant was 'TYPO', expected a claimant",
        ),
        (
            (),
            FIRM + '[[recovery]]\non = 2030-01-01\nclaimant = "TYPO"\namount = "1.00"\n'
            'reason = "said"\n',
            "firm.toml: recovery 1 claimant was 'TYPO', expected a claimant",
        ),
        (
            (),
            FIRM + '[[disallowed_claim]]\non = 2030-01-01\nclaimant = "TYPO"\n'
            'amount = "1.00"\nreason = "said"\n',
            "firm.toml: disallowed_claim 1 claimant was 'TYPO', expected a claimant",
        ),
        (
            (),
            FIRM + '[[recovery]]\non = 2020-01-01\namount = "1.00"\nreason = "early"\n',
            "firm.toml: recovery 1 on was '2020-01-01', expected",
        ),
        (
            (),
            FIRM.replace(
                'cash_at_bd_fcm = "10.00"', 'securities_at_cme = { "912828ZZ6" = 100, "bad" = 1 }'
            ),
            "multiples of 100",
        ),
        (
            (),
            FIRM.replace('cash_at_bd_fcm = "10.00"', 'securities_at_cme = { "037833100" = 100 }'),
            "a price of the day",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_status_one(
    default_folder: Path, tmp_path: Path, more: tuple[str, ...], text: str, said: str
) -> None:
    firm = tmp_path / "firm.toml"
    firm.write_text(text, encoding="utf-8")
    result = xm_default(
        default_folder,
        *SHOCK,
        *more,
        firm=firm,
    )
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Nothing was computed." in result.stderr


@pytest.mark.parametrize(
    ("option", "given", "earliest"),
    [("--shock", "2006-01-03", "2006-01-04"), ("--restrike", "2007-01-04", "2011-01-04")],
)
def test_a_date_too_early_is_refused_under_its_own_option_with_the_earliest(
    default_folder: Path, option: str, given: str, earliest: str
) -> None:
    result = xm_default(default_folder, option, given)
    assert result.exit_code == 1
    assert f"{option} was '{given}', expected {earliest} or later" in result.stderr


def test_no_path_or_two_are_a_usage_error(default_folder: Path) -> None:
    assert xm_default(default_folder).exit_code == 2
    assert xm_default(default_folder, *SHOCK, "--simulated", "1").exit_code == 2
    assert xm_default(default_folder, *SHOCK, "--drawn-from", "2024-01-02").exit_code == 2
    assert xm_default(default_folder, "--impulse", "5000").exit_code == 2
    assert xm_default(default_folder, *SHOCK, "--restrike", "2025-04-07").exit_code == 2

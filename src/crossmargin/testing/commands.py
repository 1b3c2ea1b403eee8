"""``xm`` in this process, for tests of what it prints: no start-up, and what is made is shared.

Tests of what a process of its own does, an exit at a closed pipe, kernels chosen by the
environment, start one (:func:`in_its_own_process`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import typer.main
import typer.testing
from typer.testing import CliRunner

from crossmargin.basics.digest import digest_of
from crossmargin.cli.main import main
from crossmargin.market.history import MarketData
from crossmargin.services import margin_day
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.simulation import market as simulated
from crossmargin.simulation.market import SimulatedMarket

#: So many prepared days are kept; one of the sample takes some tens of megabytes.
_KEPT = 8


def xm(
    *arguments: object, stdin: str = "", folder: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line as ``python -m crossmargin`` would, and return what it printed.

    Parameters
    ----------
    *arguments : object
    stdin : str
    folder : Path, optional
        The working directory.
    **environment : str
        Variables beside those of this process.
    """
    given = ["xm", *map(str, arguments)]
    with (
        chdir(folder or Path.cwd()),
        CliRunner().isolation(stdin, environment) as (output, remarks, _),
        mock.patch.object(sys, "argv", given),
    ):
        status = _status(main)
        sys.stdout.flush()
        sys.stderr.flush()
        printed, said = (stream.getvalue().decode() for stream in (output, remarks))
    return subprocess.CompletedProcess(given, status, printed, said)


def in_its_own_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, with variables beside those of this one."""
    return subprocess.run(  # noqa: S603 - arguments of tests
        [sys.executable, "-m", "crossmargin", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def outcome(*arguments: object) -> tuple[int, str, str]:
    """Run the command line, and return its status, what it printed and what it remarked."""
    done = xm(*arguments)
    return done.returncode, done.stdout, done.stderr


def _status(run: Callable[[], None]) -> int:
    try:
        run()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


@contextmanager
def kept_between_runs(demo_market: Callable[[], SimulatedMarket]) -> Iterator[None]:
    """Let runs share the tree of commands and the demo's market: both are the same every time.

    Parameters
    ----------
    demo_market : callable
        Returns the market of the demo's seed and date.
    """
    tree = cache(typer.main.get_command)
    simulate = simulated.simulate_market

    def kept(**given: Any) -> SimulatedMarket:
        is_demo = given == {"seed": simulated.DEMO_SEED}
        return demo_market() if is_demo else simulate(**given)

    with (
        mock.patch.object(typer.main, "get_command", tree),
        mock.patch.object(typer.testing, "_get_command", tree),
        mock.patch.object(simulated, "simulate_market", kept),
    ):
        yield


class PreparedDays:
    """Days that were prepared, by everything that they are made of: preparing is pure."""

    def __init__(self) -> None:
        self._days: dict[str, MarginDay] = {}

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Let whoever prepares a day have the one that was prepared before."""
        prepare = margin_day._prepare  # noqa: SLF001 - nothing shipped may share them

        def prepared(market: MarketData, parameters: ParameterSets, **of: Any) -> MarginDay:
            of["contracts"] = tuple(of["contracts"])
            key = _key(market, parameters, **of)
            day = self._days.pop(key, None) or prepare(market, parameters, **of)
            self._days[key] = day
            if len(self._days) > _KEPT:
                del self._days[next(iter(self._days))]
            return day

        with mock.patch.object(margin_day, "_prepare", prepared):
            yield


def _key(market: MarketData, parameters: ParameterSets, *, as_of: Any, contracts: Any) -> str:
    sheet = market.price_sheets[as_of]
    return digest_of(
        [
            market.digest,
            str(sheet.derived_from),
            as_of.isoformat(),
            sorted(map(str, contracts)),
            parameters.as_document(),
        ]
    )

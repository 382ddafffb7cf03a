"""Make a virtual environment what a container needs of it: ``python image/slim.py VENV``.

What the services never use goes; the rest is compiled. Of other people's packages only the bytecode stays, as it is a
third of the size and tracebacks name file and line without the source as well. A pattern that matches nothing any more
ends the build, so that the list below stays true when a package is upgraded.
"""

import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

UNUSED = (
    # Installed because another package names it; imported for what the services never ask of that package.
    "dns",  # email-validator's look-up of mail servers
    "dnspython-*",
    "markdown_it",  # rich's Markdown
    "markdown_it_py-*",
    "mdurl",
    "mdurl-*",
    "pygments",  # rich's coloured source code
    "pygments-*",
    # Other databases, test suites, plug-ins of type checkers, interfaces of old versions, frameworks not used here.
    "sqlalchemy/dialects/mssql",
    "sqlalchemy/dialects/mysql",
    "sqlalchemy/dialects/oracle",
    "sqlalchemy/dialects/sqlite",
    "sqlalchemy/testing",
    "alembic/templates",
    "alembic/testing",
    "greenlet/tests",
    "prometheus_client/aiohttp",
    "prometheus_client/django",
    "prometheus_client/twisted",
    "psycopg/crdb",
    "pydantic/mypy.py",
    "pydantic/v1",
    # lxml beside etree.
    "lxml/ElementInclude.py",
    "lxml/builder.*",
    "lxml/html",
    "lxml/includes",
    "lxml/isoschematron",
    "lxml/objectify.*",
    "lxml/sax.*",
    # What compilers, type checkers and installers read.
    "**/*.[ch]",
    "**/*.[ch]pp",
    "**/*.p[xy][dix]",
    "**/py.typed",
    "*.dist-info/INSTALLER",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
)

SCRIPTS = ("python", "python3", "scrapersky")

WITH_SOURCE = (
    "scrapersky",  # tracebacks of our own show their lines; pydantic reads the settings' docstrings
    "services",
    "psycopg",  # LGPL 3: who gets the program gets its source
    "certifi",  # MPL 2: likewise
    "anyio",  # reads its own source
)


def prune(venv: Path, site: Path) -> None:
    """Remove what the services never use.

    Raises:
        SystemExit: A pattern matches nothing.
    """
    for script in venv.glob("bin/*"):
        if script.name not in SCRIPTS:
            script.unlink()
    shutil.rmtree(venv / "include")
    for pattern in UNUSED:
        found = list(site.glob(pattern))
        if not found:
            sys.exit(f"image/slim.py: {pattern} matches nothing; remove it from the list, or mend it")
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def strip(site: Path) -> None:
    """Remove symbols from machine code; not from what auditwheel patched and moved, as stripping may break that."""
    libraries = sorted(path for path in site.rglob("*.so") if not path.relative_to(site).parts[0].endswith(".libs"))
    subprocess.run(["strip", "--strip-unneeded", *libraries], check=True)  # noqa: S603, S607


def compile_all(site: Path) -> None:
    """Compile every module, and remove the sources of other people's.

    Raises:
        SystemExit: A module does not compile.
    """
    for path in sorted(site.iterdir()):
        if path.suffix == ".py":
            _compile([path], sourceless=True)
        elif path.is_dir() and not path.suffix:
            _compile(sorted(path.rglob("*.py")), sourceless=path.name not in WITH_SOURCE)


def _compile(modules: list[Path], *, sourceless: bool) -> None:
    for module in modules:
        mode = PycInvalidationMode.UNCHECKED_HASH
        if not compileall.compile_file(module, quiet=1, force=True, legacy=sourceless, invalidation_mode=mode):
            sys.exit(f"image/slim.py: {module} does not compile")
        if sourceless:
            module.unlink()


def date_all(venv: Path, epoch: int) -> None:
    """Give every file the same time, so that two builds of one commit do not differ in it."""
    for path in [venv, *venv.rglob("*")]:
        os.utime(path, (epoch, epoch), follow_symlinks=False)


if __name__ == "__main__":
    environment = Path(sys.argv[1]).absolute()
    [packages] = environment.glob("lib/python*/site-packages")
    prune(environment, packages)
    strip(packages)
    compile_all(packages)
    date_all(environment, int(os.environ["SOURCE_DATE_EPOCH"]))

"""Runs the tests of a mutant in a fork of a process that has everything imported.

pytest is configured before the fork as well: it would take longer to begin than most modules' tests take. The
child forgets the mutated module and whatever imports it, imports them anew from the mutated source, collects
its tests and runs them. It has a limit of processor time and one of memory; a child that waits for ever ends
by pytest's timeout, or with its whole process group by ours.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import importlib.util
import os
import pkgutil
import resource
import shutil
import signal
import sys
import tempfile
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from tools.mutation.rooms import PACKAGE

UNVIABLE_CODE = 99
WAIT_S_MAX = 30
_CPU_S = 10
_MEMORY_BYTES = 8 << 30
_PYTEST = (
    "-x -q --no-header --assert=plain --capture=no -p no:cacheprovider -p pytest_timeout "
    f"-p _hypothesis_pytestplugin --hypothesis-seed=0 --timeout={WAIT_S_MAX} tests"
).split()


class Mutated(SourceFileLoader):
    """Loads one module from a text in the place of its file."""

    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the text."""
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, fullname: str, path: Path, text: str) -> None:
        self._fullname, self._path, self._text = fullname, path, text

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != self._fullname:
            return None
        folder = [str(self._path.parent)] if self._path.name == "__init__.py" else None
        loader = Mutated(fullname, str(self._path), self._text)
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=loader, submodule_search_locations=folder
        )


class Court:
    """Everything imported once, and who imports whom."""

    def __init__(self) -> None:
        os.environ.update(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", OPENBLAS_NUM_THREADS="1", PYTHONHASHSEED="0")
        # For the processes that tests start: this package, and not the tool's libraries.
        os.environ["PYTHONPATH"] = str(PACKAGE.parent)
        for name in (
            "numpy",
            "pytest",
            "hypothesis",
            "hypothesis.stateful",
            "_hypothesis_pytestplugin",
            "pytest_timeout",
        ):
            importlib.import_module(name)
        package = importlib.import_module("tickpath")
        if Path(package.__file__ or "").parent != PACKAGE:
            raise SystemExit(
                f"tickpath comes from {package.__file__}, not from {PACKAGE}: another one would be judged"
            )
        for found in pkgutil.walk_packages(package.__path__, "tickpath."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)
        self._importers = _importers()
        self._session = _begun_session()
        gc.collect()
        gc.freeze()

    def start(
        self, module: str, text: str, tests: list[str], cpu_s: float, output: Path | None = None
    ) -> int:
        """Begins to judge ``text`` as ``module``; the child's process id."""
        pid = os.fork()
        if pid:
            return pid
        code = 3
        try:
            os.setpgid(0, 0)
            sink = os.open(output or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            limit_s = int(cpu_s * 5) + _CPU_S
            resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 5))
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            # Ignored under nohup, and that would be no run as others are.
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            code = self._judge(module, text, tests, is_read=output is not None)
        except BaseException as error:  # noqa: BLE001  the child must not go on as its parent
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            code = 1
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _judge(self, module: str, text: str, tests: list[str], *, is_read: bool) -> int:
        name = _dotted(module)
        for affected in self._affected(name):
            sys.modules.pop(affected, None)
            parent, _, child = affected.rpartition(".")
            if parent in sys.modules:
                vars(sys.modules[parent]).pop(child, None)
        sys.meta_path.insert(0, _Finder(name, PACKAGE / module, text))
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001  whatever the mutation did
            print(f"{type(error).__name__}: {error}")
            return UNVIABLE_CODE
        folder = tempfile.mkdtemp(prefix="mutant-")
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        try:
            return _run(self._session, tests, is_read=is_read)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _affected(self, name: str) -> set[str]:
        affected, fresh = {name}, [name]
        while fresh:
            for importer in self._importers.get(fresh.pop(), ()):
                if importer not in affected:
                    affected.add(importer)
                    fresh.append(importer)
        return affected


class Child:
    """A run under way, with the moment its patience ends."""

    def __init__(self, pid: int, cpu_s: float) -> None:
        self.pid = pid
        self.started_s = time.monotonic()
        self._end_s = self.started_s + 10 * cpu_s + 2 * WAIT_S_MAX

    def kill(self) -> None:
        """Ends what is left of it, and what it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def result(self) -> tuple[str, float] | None:
        """The outcome and the seconds it took, or None while it runs.

        ``"late"`` is a timeout by the clock, which a machine that was busy or asleep may have caused.
        """
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        over = time.monotonic() > self._end_s
        if not pid and not over:
            return None
        self.kill()
        if not pid:
            os.waitpid(self.pid, 0)
        return ("late" if not pid else _outcome(status)), time.monotonic() - self.started_s


def _begun_session() -> Any:
    """A session of pytest that is configured and has no tests yet."""
    from _pytest.config import _prepareconfig
    from _pytest.main import Session

    config = _prepareconfig(_PYTEST)
    config._do_configure()  # noqa: SLF001  pytest has no other way to begin and not to run
    session = Session.from_config(config)
    config.hook.pytest_sessionstart(session=session)
    return session


def _run(session: Any, tests: list[str], *, is_read: bool) -> int:
    """What ``pytest.main()`` does from there on; its exit code.

    ``tests`` may begin with ``-m`` and an expression. What failed is told in full only if that ``is_read``: a
    traceback takes as long as many a test.
    """
    from _pytest.config.exceptions import UsageError
    from _pytest.main import _main

    config = session.config
    if tests[0] == "-m":
        config.option.markexpr = tests[1]
        tests = tests[2:]
    config.args = tests
    if not is_read:
        config.option.tbstyle = "line"
    try:
        code = int(_main(config, session) or 0)
    except UsageError as error:
        print(error)
        return 4
    except (session.Failed, session.Interrupted):
        code = 1
    config.hook.pytest_sessionfinish(session=session, exitstatus=code)
    return code


def _outcome(status: int) -> str:
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL} else "killed"
    code = os.WEXITSTATUS(status)
    if code in {4, 5}:
        return "no tests"
    return {0: "survived", UNVIABLE_CODE: "unviable"}.get(code, "killed")


def _dotted(module: str) -> str:
    return "tickpath." + module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _importers() -> dict[str, set[str]]:
    """For each module of the package, those that import it, or may."""
    names = {_dotted(path.relative_to(PACKAGE).as_posix()): path for path in PACKAGE.rglob("*.py")}
    importers: dict[str, set[str]] = {}
    for name, path in names.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            imported: list[str] = []
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for each in imported:
                if each in names and each != name:
                    importers.setdefault(each, set()).add(name)
    return importers

"""Write the tables of docs/reference/scenario.md from the settings: ``make scenario-reference``."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

from tickpath.config.engine import ConsumerSettings, ServiceTime, ThreadSettings
from tickpath.config.fields import hints_of, split
from tickpath.config.scenario import (
    BreakSettings,
    ControlSettings,
    EngineRest,
    FeedFile,
    FeedSettings,
    LifecycleSettings,
    ObjectiveSettings,
    OperatorSettings,
    RingSettings,
    RunbookSettings,
    Scenario,
    WarmupSettings,
)
from tickpath.config.scenario.binding import key_of, kinds_of
from tickpath.config.scenario.injections import InjectionSettings, LastingInjectionSettings
from tickpath.config.scenario.meaning import allowed, meaning_of, summary_of, unit_of
from tickpath.config.scenario.probes import ProbeSettings, StageProbeSettings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "scenario.md"

#: The tables of the page, by the name in its markers.
TABLES: dict[str, Any] = {
    "scenario": Scenario,
    "feed": FeedSettings,
    "feed.files": FeedFile,
    "ring": RingSettings,
    "engine": EngineRest,
    "stage": ConsumerSettings,
    "service": ServiceTime,
    "thread": ThreadSettings,
    "lifecycle": LifecycleSettings,
    "warmup": WarmupSettings,
    "control": ControlSettings,
    "injection": InjectionSettings,
    "lasting": LastingInjectionSettings,
    "probe": ProbeSettings,
    "runbook": RunbookSettings,
    "operator": OperatorSettings,
    "objectives": ObjectiveSettings,
    "break": BreakSettings,
}
_HEAD = "| key | may be | unit | default | meaning |\n|---|---|---|---|---|\n"
_MARKED = re.compile(r"(<!-- settings: (?P<name>[\w.]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(owner: Any) -> str:
    """A row for each scalar that ``owner`` has, and its base has not."""
    inherited = {
        f.name
        for base in owner.__mro__[1:]
        if dataclasses.is_dataclass(base)
        for f in dataclasses.fields(base)
    }
    rows = [
        row(owner, field)
        for field in dataclasses.fields(owner)
        if field.name not in inherited
        and not dataclasses.is_dataclass(split(hints_of(owner)[field.name])[0][0])
    ]
    return _HEAD + "".join(rows)


def row(owner: Any, field: Any) -> str:
    """One setting."""
    hint = hints_of(owner)[field.name]
    words = [
        key_of(field.name),
        allowed(hint),
        unit_of(field.name),
        default(field),
        meaning_of(owner, field.name),
    ]
    words[0] = f"`{words[0]}`"
    return "| " + " | ".join(word.replace("|", "\\|") for word in words) + " |\n"


def default(field: Any) -> str:
    """A default as a file would say it."""
    if field.default is not dataclasses.MISSING:
        return "" if field.default is None else f"`{json.dumps(field.default)}`"
    if field.default_factory is dataclasses.MISSING:
        return "required"
    made = field.default_factory()
    return f"`{json.dumps(made)}`" if not made or isinstance(made, dict) else "the standard ones"


def kinds(member: str, common: tuple[Any, ...]) -> str:
    """A table for each kind of ``injections`` or ``probes``, without what is ``common``."""
    (element, _) = hints_of(Scenario)[member].__args__
    shared = {field.name for owner in common for field in dataclasses.fields(owner)} - {"cause", "stage"}
    text = ""
    for kind, owner in kinds_of(element).items():
        lasts = ", lasting" if issubclass(owner, LastingInjectionSettings) else ""
        text += f"\n**`{kind}`**{lasts}: {summary_of(owner)}\n"
        own = [field for field in dataclasses.fields(owner) if field.name not in shared]
        if own:
            text += "\n" + _HEAD + "".join(row(owner, field) for field in own)
    return text.removeprefix("\n")


def rewritten(page: str) -> str:
    """``page`` with its tables as the settings are now."""
    made = {name: table(owner) for name, owner in TABLES.items()}
    made["injections"] = kinds("injections", (LastingInjectionSettings,))
    made["probes"] = kinds("probes", (ProbeSettings, StageProbeSettings))
    return _MARKED.sub(lambda found: f"{found[1]}\n{made[found['name']]}\n{found[3]}", page)


def main() -> None:
    """Rewrite the page."""
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

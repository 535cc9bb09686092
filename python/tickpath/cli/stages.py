"""``--consumer``, ``--service`` and ``--priority``, turned into an engine's settings, and back into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tickpath.config.engine import ConsumerSettings, ServiceTime, ThreadSettings
from tickpath.errors import TickpathError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["consumer_text", "parse_consumer", "parse_priority", "parse_service", "service_text"]

_SERVICE_HELP = "expected NS, exp:MEAN_NS or lognormal:MEDIAN_NS:SIGMA"
_LOGNORMAL_PARTS = 3


def parse_service(text: str) -> ServiceTime:
    """``500``, ``exp:500`` or ``lognormal:500:0.5``, in nanoseconds."""
    parts = text.split(":")
    try:
        if len(parts) == 1:
            return ServiceTime.constant(int(parts[0]))
        if parts[0] == "exp" and len(parts) == 2:  # the kind and its mean
            return ServiceTime.exponential(float(parts[1]))
        if parts[0] == "lognormal" and len(parts) == _LOGNORMAL_PARTS:
            return ServiceTime.lognormal(float(parts[1]), float(parts[2]))
    except ValueError as error:
        reason = str(error) if isinstance(error, TickpathError) else _SERVICE_HELP
        raise click.BadParameter(f"{text!r} is no service time: {reason}") from None
    raise click.BadParameter(f"{text!r} is no service time: {_SERVICE_HELP}")


def service_text(service: ServiceTime) -> str:
    """What :func:`parse_service` makes the same of; empty for none."""
    match service.kind:
        case "constant":
            return f"{service.ns:.0f}"
        case "exponential":
            return f"exp:{service.ns}"
        case "lognormal":
            return f"lognormal:{service.ns}:{service.sigma}"
        case _:
            return ""


def parse_priority(text: str) -> dict[str, Any]:
    """``fifo:50`` or ``nice:-10`` as the fields of ``ThreadSettings``."""
    kind, _, value = text.partition(":")
    names = {"fifo": "realtime_priority", "nice": "nice"}
    try:
        fields: dict[str, Any] = {names[kind]: int(value)}
        ThreadSettings(**fields)
    except (KeyError, ValueError) as error:
        reason = str(error) if isinstance(error, TickpathError) else "expected fifo:1..99 or nice:-20..19"
        raise click.BadParameter(f"{text!r} is no priority: {reason}") from None
    return fields


def _core(text: str) -> int | None:
    return None if text == "none" else int(text)


def parse_consumer(text: str) -> ConsumerSettings:
    """``NAME[,after=A+B][,overrun=...][,wait=...][,core=N][,service=...]``."""
    name, *settings = text.split(",")
    given: dict[str, Any] = {}
    thread: dict[str, Any] = {}
    readers: dict[str, tuple[dict[str, Any], Callable[[str], Any]]] = {
        "after": (given, lambda value: tuple(value.split("+"))),
        "overrun": (given, str),
        "service": (given, parse_service),
        "seed": (given, int),
        "wait": (thread, str),
        "core": (thread, _core),
    }
    try:
        for setting in settings:
            key, equals, value = setting.partition("=")
            if not equals or key not in readers:
                expected = ", ".join(f"{known}=" for known in readers)
                raise click.BadParameter(f"{setting!r} in {text!r}: expected one of {expected}")
            target, read = readers[key]
            target[key] = read(value)
        return ConsumerSettings(name=name, thread=ThreadSettings(**thread), **given)
    except (TickpathError, ValueError) as error:
        raise click.BadParameter(f"{text!r} is no consumer: {error}") from None


def consumer_text(consumer: ConsumerSettings) -> str:
    """What :func:`parse_consumer` makes the same of."""
    words = [consumer.name]
    defaults = ConsumerSettings(name=consumer.name)
    if consumer.after:
        words.append("after=" + "+".join(consumer.after))
    if consumer.overrun != defaults.overrun:
        words.append(f"overrun={consumer.overrun}")
    if consumer.thread.wait != defaults.thread.wait:
        words.append(f"wait={consumer.thread.wait}")
    if consumer.thread.core != defaults.thread.core:
        words.append("core=none" if consumer.thread.core is None else f"core={consumer.thread.core}")
    if consumer.service.kind != "none":
        words.append(f"service={service_text(consumer.service)}")
    if consumer.seed:
        words.append(f"seed={consumer.seed}")
    return ",".join(words)

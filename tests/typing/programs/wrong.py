"""What must not type-check: both checkers report an error on exactly the lines that say so."""

from typing import Any, assert_type

from tickpath.config.engine import ConsumerSettings, EngineSettings, ThreadSettings
from tickpath.control.metrics import Metrics
from tickpath.core.bus import Consumer, RingBuffer
from tickpath.core.engine import Engine
from tickpath.core.execution import Executor
from tickpath.core.execution import Executer  # error
from tickpath.core.state import Lifecycle, State

ring = RingBuffer[int](8)
lifecycle = Lifecycle()
ring.publish("text")  # error
ring.publish_many(["text"])  # error
ring.capacity = 9  # error
RingBuffer[int]("8")  # error
Consumer(ring, start="newest")  # error
Consumer(ring, "head")  # error
Consumer([1, 2, 3])  # error
text: str = ring.get(0)  # error
number: int = Consumer(ring).poll()  # error
assert_type(ring.publish(1), Any)  # error
assert_type(Consumer(ring).poll(), Any)  # error
lifecycle.transition_to("READY")  # error
lifecycle.state = State.READY  # error
Executor(ring)  # error
Executor(ring, lifecycle, print)  # error
Executor(ring, lifecycle).proces()  # error
Metrics().observe("fast")  # error
ThreadSettings(wait="sleep")  # error
ConsumerSettings("log")  # error
EngineSettings(pace="slow")  # error
Engine([1, 2], lifecycle)  # error

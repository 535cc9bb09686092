"""Runbooks: a trigger, steps with their conditions, a check that it helped, an audit of each step.

Not built yet: this package is empty. Until then whoever runs the system moves the lifecycle by hand
(``Lifecycle.transition_to``).
"""

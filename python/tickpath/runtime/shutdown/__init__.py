"""The shutdown controller: stop the intake, drain to a deadline, account for the rest.

Not built yet: this package is empty. A run ends when everything is published and read, or at the first
signal (``tickpath.runtime.signals``); what is left in the ring is counted as unread.
"""

"""What both test suites together run, room by room: ``make coverage``."""

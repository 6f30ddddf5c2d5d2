"""Enrolment: a device's claim becomes its certificate, over HTTPS of its own (EST, RFC 7030)."""

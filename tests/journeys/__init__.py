"""Journeys through the whole system: real processes, real broker, real database, real browser."""

"""Tests mirror the rooms; contracts, journeys and house rules stand beside them."""

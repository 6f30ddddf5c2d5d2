"""Tests of the classes of beats."""

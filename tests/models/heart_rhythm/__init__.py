"""Tests of heart_rhythm."""

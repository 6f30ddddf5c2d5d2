"""Tests of firmware_bridge profiles."""

"""Tests of provisioning/."""

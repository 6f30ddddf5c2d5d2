"""Tests of vital_anomaly."""

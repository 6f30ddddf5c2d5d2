"""Tests of enrolment over HTTPS."""

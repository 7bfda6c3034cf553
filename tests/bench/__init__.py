"""Tests of `bonbridge bench`: shapes and counting, no timing."""

"""Tests of configuration and credentials."""

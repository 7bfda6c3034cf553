"""Tests of the Austrian fiscal code."""

"""Tests of signature cards: driver, simulator, explanation of status words."""

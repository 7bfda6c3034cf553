"""Tests of the rules that the whole source tree keeps."""

"""The demo as a newcomer and as a power cut sees it."""

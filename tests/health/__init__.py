"""The health board and the supervisor."""

"""The devices of the box: watched, listed, tested. Knows the contracts of drivers only."""

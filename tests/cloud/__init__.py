"""The link to a cloud, against a real WebSocket server that each test scripts."""

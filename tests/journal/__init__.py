"""The journal: nothing acknowledged is lost, nothing half written, nothing silently replaced."""

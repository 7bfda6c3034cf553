"""The daemon as the service manager, a technician and a power cut see it."""

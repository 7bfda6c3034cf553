"""The box as a system service: notification, watchdog, log, signals, exit codes."""

from bridge.daemon.notify import Notifier
from bridge.daemon.place import socket_path
from bridge.daemon.run import Daemon, run_daemon
from bridge.daemon.watchdog import Proof, Watchdog

__all__ = ["Daemon", "Notifier", "Proof", "Watchdog", "run_daemon", "socket_path"]

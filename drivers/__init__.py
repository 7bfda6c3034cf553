"""Device drivers: each knows its device and the contract, nothing of the box."""

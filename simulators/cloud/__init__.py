"""The till vendor's cloud, asello style: WebSocket for boxes, REST and webhooks for programs."""

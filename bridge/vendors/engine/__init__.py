"""The engine under all vendors: durable runs, queues, one login, nothing sent twice that counts."""

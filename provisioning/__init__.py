"""How a device gets, renews and loses its identity."""

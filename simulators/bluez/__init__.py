"""A virtual org.bluez on a given bus: what bluetoothd says to a gateway, with real ATT exchanges behind it."""

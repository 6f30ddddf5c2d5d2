"""A virtual org.bluez on a given bus: what bluetoothd says to a gateway, with real ATT exchanges behind it.

Pairing is not offered: no wearable of ours asks for it yet.
"""

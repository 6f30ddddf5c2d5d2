"""Each organisation's own keys for what it stores: to destroy a key is to destroy what lies under it."""

"""The whole system on one machine: every process, no container, no account, no root."""

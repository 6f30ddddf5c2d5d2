"""The cloud's door: what gateways send is unsealed, checked, stored once and receipted."""

"""The page of a home's hub: what is measured, what is silent, what is alarming; without the cloud."""

"""NEWS2 in the cloud: of a patient whose wearables speak through several gateways, and on the page; as a range where parameters are missing."""

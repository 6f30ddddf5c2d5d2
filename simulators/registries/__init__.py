"""Names and SHA-256 of public recordings, a file a data set: for BIDMC the published tables, and the npz form made of them."""

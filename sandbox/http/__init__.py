"""The one address of the local AWS."""

"""Data that the bench states: known answers with their source, and the profiles of the editions."""

"""GET, SET and ACTION with all that makes them long: lists, blocks both ways."""

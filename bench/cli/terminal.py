"""What may be written to a terminal: text, never commands to it."""


def visible(text: str) -> str:
    """Return `text` with control characters made visible: it may come from a device."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def visible_lines(text: str) -> str:
    """Return `text` with control characters other than line ends made visible."""
    return "\n".join(visible(line) for line in text.split("\n"))

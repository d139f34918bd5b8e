"""Floor 5: what leaves the bench (report model, HTML, JUnit) and its signature."""

"""Floor 4: runs cases, keeps evidence, proves that cases can fail."""

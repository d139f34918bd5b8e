"""Floor 0: the words of the bench (verdict, check, case, plan, clock). No I/O, no protocol."""

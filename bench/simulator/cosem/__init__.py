"""The meter's COSEM objects: what they say and do, on whichever wire they are asked."""

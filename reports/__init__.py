"""Floor 5: what is handed over of a run: report, manifest, signature, and their verification.

Everything here works from a run folder alone; no suite and no engine is needed to read a report,
to sign it or to verify it.
"""

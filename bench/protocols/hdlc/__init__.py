"""HDLC as DLMS/COSEM uses it (IEC 62056-46, frame format type 3), and its frames for S1 (type 1).

`frame` takes apart what lies between two flags, `encode` builds it, right or wrong, `deframer`
finds it in a stream; `primary` and `secondary` are the two ends of a data link.
"""

"""What is on a WAN port as a whole: recordings cut into frames, each taken apart down to values."""

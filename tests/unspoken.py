"""What no page says: a program's words, and words that a young reader would stumble over."""

import re

UNSPOKEN = re.compile(r"\b(True|False|None|one_cycle|max_pool|average_pool|nan)\b|StepLR\(|\b\d+x\d+\b")
STILTED = re.compile(
    r"\b(anew|whatever|wobbl\w+|recipe|config|held-out|in the end|goes? on|none can|any more)\b", re.IGNORECASE
)

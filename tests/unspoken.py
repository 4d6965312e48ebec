"""What no page says: a program's words for what a person would say otherwise."""

import re

UNSPOKEN = re.compile(r"\b(True|False|None|one_cycle|max_pool|average_pool|nan)\b|StepLR\(")

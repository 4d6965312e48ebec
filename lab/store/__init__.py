"""The one database of the lab: this is its door, and no other room knows a file behind it."""

from lab.store.claims import Claim, LostClaim, worker_name
from lab.store.database import StoreError, file_url
from lab.store.reading import Epochs
from lab.store.runs import Store, database_url, open_store
from lab.store.snapshots import ENDED, LIVE, RESUMABLE, Kept, Queued, Run, Status, Unreadable
from lab.store.transfer import Imported
from lab.store.upkeep import backup, check

__all__ = [
    "ENDED",
    "LIVE",
    "RESUMABLE",
    "Claim",
    "Epochs",
    "Imported",
    "Kept",
    "LostClaim",
    "Queued",
    "Run",
    "Status",
    "Store",
    "StoreError",
    "Unreadable",
    "backup",
    "check",
    "database_url",
    "file_url",
    "open_store",
    "worker_name",
]

"""The one database of the lab: this is its door, and no other room knows a file behind it."""

from lab.store.claims import Claim, LostClaim, worker_name
from lab.store.database import StoreError
from lab.store.reading import Epochs
from lab.store.runs import Store, database_url, open_store
from lab.store.snapshots import ENDED, LIVE, RESUMABLE, Kept, Queued, Run, Status, Unreadable

__all__ = [
    "ENDED",
    "LIVE",
    "RESUMABLE",
    "Claim",
    "Epochs",
    "Kept",
    "LostClaim",
    "Queued",
    "Run",
    "Status",
    "Store",
    "StoreError",
    "Unreadable",
    "database_url",
    "open_store",
    "worker_name",
]

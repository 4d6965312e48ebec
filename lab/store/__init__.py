"""The one database of the lab: this is its door, and no other room knows a file behind it."""

from lab.store.active import Active, Ahead, device_for
from lab.store.claims import Claim, LostClaim
from lab.store.database import StoreError
from lab.store.processes import worker_name
from lab.store.runs import Store, database_url, open_store
from lab.store.snapshots import ENDED, LIVE, RESUMABLE, Kept, Run, Status

__all__ = [
    "ENDED",
    "LIVE",
    "RESUMABLE",
    "Active",
    "Ahead",
    "Claim",
    "Kept",
    "LostClaim",
    "Run",
    "Status",
    "Store",
    "StoreError",
    "database_url",
    "device_for",
    "open_store",
    "worker_name",
]

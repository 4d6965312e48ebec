"""The one database of the lab: this is its door, and no other room knows a file behind it."""

from lab.store.active import Active, Ahead, ahead, turns
from lab.store.checkpoints import without_an_epoch
from lab.store.claims import Claim, LostClaim
from lab.store.database import StoreError, StoreUnavailable, file_url
from lab.store.opening import database_url, open_store
from lab.store.processes import is_of_this_host, worker_name
from lab.store.reading import Epochs
from lab.store.runs import Store
from lab.store.schema import NAME_LENGTH
from lab.store.snapshots import ENDED, LIVE, RESUMABLE, Kept, Run, Status, Unreadable
from lab.store.transfer import Imported
from lab.store.upkeep import backup, check

__all__ = [
    "ENDED",
    "LIVE",
    "NAME_LENGTH",
    "RESUMABLE",
    "Active",
    "Ahead",
    "Claim",
    "Epochs",
    "Imported",
    "Kept",
    "LostClaim",
    "Run",
    "Status",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "Unreadable",
    "ahead",
    "backup",
    "check",
    "database_url",
    "file_url",
    "is_of_this_host",
    "open_store",
    "turns",
    "without_an_epoch",
    "worker_name",
]

"""How much room a folder's disk must have: what is acknowledged needs a place to stand."""

import shutil
from pathlib import Path

FREE_SHARE, FREE_BYTES = 0.05, 512 * 1024 * 1024
MIB = 1024 * 1024


def room(path: Path) -> tuple[bool, str]:
    """Whether the disk that the path is on, or would be on, has room enough; and how much, in words."""
    folder = next(each for each in path.resolve().parents if each.exists())
    try:
        disk = shutil.disk_usage(folder)
    except OSError as error:
        return False, f"{folder} cannot be reached: {error.strerror}."
    if disk.free < max(FREE_BYTES, FREE_SHARE * disk.total):
        return False, f"{disk.free // MIB} MiB free in {folder}: make room, at least 5 % and 512 MiB."
    return True, f"{disk.free // MIB} MiB free in {folder}."

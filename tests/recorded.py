"""Carriers' answers, composed after their documented shape: one file per meaning in tests/carriers/<slug>/."""

from pathlib import Path

FOLDER = Path(__file__).parent / "carriers"


def recorded(slug: str, name: str) -> bytes:
    """The bytes of one fixture; `name` without its ending."""
    [path] = FOLDER.joinpath(slug).glob(f"{name}.*")
    return path.read_bytes()


def recordings(slug: str) -> list[Path]:
    """Every fixture of a carrier."""
    return sorted(path for path in FOLDER.joinpath(slug).iterdir() if path.is_file())

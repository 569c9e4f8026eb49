"""The official data files: fetched once with checksums, resumed where they stopped, never unpickled."""

from functools import partial
from pathlib import Path
from typing import Any

from sw.cache import cache_folder
from sw.errors import EngramError
from sw.files import DISK
from sw.progress import SILENT, Listener
from sw.system.locks import one_at_a_time

__all__ = ["download", "fetch"]

BLOCK_BYTES = 1 << 16
TIMEOUT_S = 30


def fetch(
    url: str, md5: str, data_name: str, folder: Path | None = None, *, listener: Listener = SILENT
) -> Path:
    """A file of the cache, downloaded first if it is missing or has another checksum.

    Parameters
    ----------
    url
        Where it is.
    md5
        Its checksum, 32 hexadecimal digits.
    data_name
        Name of the data set, for messages and as the folder in the cache.
    folder
        Another folder than the cache.
    listener
        Hears of the bytes as they come.

    Raises
    ------
    EngramError
        If there is no network, or what came has another checksum.
    """
    import pooch
    import requests

    place = folder or cache_folder() / data_name
    pooch.get_logger().setLevel("ERROR")
    way_out = f"put the .npz into the folder $ENGRAM_DATA, or give --data FILE.npz instead of {data_name}"
    try:
        with one_at_a_time(place, way_out):
            found = pooch.retrieve(
                url,
                known_hash=f"md5:{md5}",
                fname=url.rsplit("/", 1)[-1],
                path=place,
                downloader=partial(download, listener=listener),
            )
    except ValueError:
        raise EngramError(f"{url} has another checksum than md5 {md5}; try again, or {way_out}") from None
    except (requests.RequestException, OSError) as error:
        # of the network the kind says most, of the disk its own words
        reason = error.strerror if error.errno in DISK else type(error).__name__
        raise EngramError(
            f"cannot download {url} ({reason}); run again to continue where it stopped, or {way_out}"
        ) from None
    return Path(found)


def download(url: str, output_file: str, _pooch: Any, *, listener: Listener = SILENT) -> None:
    """Downloader for Pooch that continues an interrupted transfer.

    What has come so far is kept beside the target as ``NAME.part``; the next call asks the server for the
    rest with an HTTP Range request (RFC 9110, section 14). A server that ignores the range starts over.

    Parameters
    ----------
    url
        Where the file is.
    output_file
        Where Pooch wants it: a temporary name in the target's folder.
    listener
        Hears of the bytes as they come.

    Raises
    ------
    requests.RequestException
        If the connection cannot be made or breaks; the part stays.
    """
    import requests

    part = Path(output_file).parent / f"{url.rsplit('/', 1)[-1]}.part"
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        nothing_left = answer.status_code == requests.codes.requested_range_not_satisfiable
        if not nothing_left:
            answer.raise_for_status()
            if answer.status_code != requests.codes.partial_content:
                have = 0
            _receive(answer, part, have, listener)
    part.replace(output_file)


def _receive(answer: Any, part: Path, have: int, listener: Listener) -> None:
    """Append the body to `part` after its first `have` bytes; refuses a body that ends early."""
    import requests

    length = answer.headers.get("Content-Length")
    total = have + int(length) if length else None
    with (
        listener.stage(f"download {part.stem}", total, "bytes") as stage,
        part.open("r+b" if have else "wb") as file,
    ):
        file.seek(have)
        stage.done(have)
        for block in answer.iter_content(BLOCK_BYTES):
            file.write(block)
            have += len(block)
            stage.done(len(block))
    if total is not None and have < total:
        raise requests.ConnectionError(f"{have} of {total} bytes came")

"""The official files of data sets by name: sites, checksums, formats."""

import gzip
import io
import struct
import tarfile
import zlib

import numpy as np
from numpy.typing import NDArray

from sw.cache import cache_folder
from sw.data.download import fetch
from sw.errors import EngramError
from sw.progress import SILENT, Listener

__all__ = ["fetch_cifar10", "fetch_idx", "grey", "parse_cifar10", "parse_idx"]


IDX_SITES = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    "fashion-mnist": (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
}
"""Site and the MD5 sums its owner publishes, in the order of IDX_FILES."""
IDX_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
CIFAR10_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
CIFAR10_FOLDER = "cifar10-grey"
"""Of the cache, where earlier versions have put the archive."""
LUMA = np.array([299, 587, 114])
IDX_UNSIGNED_BYTE = 8
CIFAR10_RECORD_BYTES = 1 + 3 * 32 * 32


def fetch_idx(name: str, listener: Listener = SILENT) -> dict[str, NDArray]:
    """MNIST or Fashion-MNIST, official files, as the arrays of the common layout."""
    site, *sums = IDX_SITES[name]
    arrays = {}
    for (key, file_name), md5 in zip(IDX_FILES.items(), sums, strict=True):
        path = fetch(site + file_name, md5, name, listener=listener)
        arrays[key] = parse_idx(gzip.decompress(path.read_bytes()), file_name)
    return arrays


def parse_idx(raw: bytes, name: str) -> NDArray[np.uint8]:
    """Array of an IDX file of unsigned bytes (format: LeCun, Cortes, Burges, the MNIST database page).

    Two zero bytes, type 8, number of dimensions, each dimension as a big-endian uint32, then the values.

    Raises
    ------
    EngramError
        If the header or the length is another.
    """
    if len(raw) < 4 or raw[:3] != bytes([0, 0, IDX_UNSIGNED_BYTE]) or len(raw) < 4 + 4 * raw[3]:
        raise EngramError(f"{name} must be an IDX file of unsigned bytes, its header is {raw[:4].hex()!r}")
    start = 4 + 4 * raw[3]
    shape = struct.unpack(f">{raw[3]}I", raw[4:start])
    count = int(np.prod(shape, dtype=object))
    if len(raw) != start + count:
        raise EngramError(f"{name} must hold {count} values, as its header says, got {len(raw) - start}")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def fetch_cifar10(name: str, listener: Listener = SILENT) -> dict[str, NDArray]:
    """CIFAR-10, the official binary version: ``cifar10`` in colour, ``cifar10-grey`` turned grey.

    Both come from one archive, so it is fetched once.
    """
    path = fetch(CIFAR10_URL, CIFAR10_MD5, name, cache_folder() / CIFAR10_FOLDER, listener=listener)
    listener.say(f"unpacking CIFAR-10{' and turning it grey' if name == 'cifar10-grey' else ''}")
    parts: dict[str, list] = {"train": [], "test": []}
    try:
        with tarfile.open(fileobj=io.BytesIO(path.read_bytes()), mode="r:gz") as archive:
            for member in sorted(archive.getmembers(), key=lambda member: member.name):
                file = archive.extractfile(member) if member.name.endswith(".bin") else None
                if file is not None:
                    part = "test" if "test" in member.name else "train"
                    images, labels = parse_cifar10(file.read(), member.name)
                    parts[part].append((grey(images) if name == "cifar10-grey" else images, labels))
    except (tarfile.TarError, zlib.error, EOFError):
        raise EngramError(f"{path} is damaged; delete it and run again") from None
    return {
        f"{axis}_{part}": np.concatenate([pair[number] for pair in pairs])
        for part, pairs in parts.items()
        for number, axis in enumerate("xy")
    }


def parse_cifar10(raw: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, 32, 32, 3) and labels (N,) of one file of the binary CIFAR-10 (Krizhevsky 2009).

    A record is the label, then 1,024 bytes each of red, green and blue.

    Raises
    ------
    EngramError
        If the length is not a whole number of records.
    """
    if not raw or len(raw) % CIFAR10_RECORD_BYTES:
        raise EngramError(f"{name} must hold records of {CIFAR10_RECORD_BYTES} bytes, got {len(raw)} bytes")
    records = np.frombuffer(raw, np.uint8).reshape(-1, CIFAR10_RECORD_BYTES)
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), records[:, 0].copy()


def grey(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma (N, H, W) of images (N, H, W, 3): ITU-R BT.601 in thousandths, ``(299 R + 587 G + 114 B + 500) //
    1000``."""
    return ((images.astype(np.int64) @ LUMA + 500) // 1000).astype(np.uint8)

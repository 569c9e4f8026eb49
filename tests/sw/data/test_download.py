"""Downloads from a small server on this machine: resumed, checked, refused; the official formats."""

import gzip
import hashlib
import io
import resource
import struct
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import numpy as np
import pytest

from sw.data import download, official
from sw.data.dataset import load
from sw.errors import EngramError

CONTENT = np.random.default_rng(0).bytes(300_000)


class Server(BaseHTTPRequestHandler):
    """Serves `files`; breaks off after `break_after` bytes of a body, once."""

    files: ClassVar[dict[str, bytes]] = {}
    ranges: ClassVar[list[str | None]] = []
    break_after: int | None = None
    ignores_ranges = False

    def do_GET(self):
        asked = self.headers.get("Range")
        type(self).ranges.append(asked)
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = 0
        if asked and not self.ignores_ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start and start >= len(content):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body, type(self).break_after = content[start:][: self.break_after], None
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    class Own(Server):
        files: ClassVar = {"/data.bin": CONTENT}
        ranges: ClassVar = []

    with HTTPServer(("127.0.0.1", 0), Own) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        Own.url = f"http://127.0.0.1:{server.server_port}"
        yield Own
        server.shutdown()
        thread.join()


def md5(content):
    return hashlib.md5(content).hexdigest()


WAY_OUT = "put the .npz into the folder $ENGRAM_DATA, or give --data FILE.npz instead of mnist"


def test_file_is_fetched_once(site, tmp_path):
    for _ in range(2):
        found = download.fetch(f"{site.url}/data.bin", md5(CONTENT), "mnist", tmp_path)
        assert found.read_bytes() == CONTENT
    assert site.ranges == [None]
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]


@pytest.mark.parametrize("ignores_ranges", [False, True], ids=["range honoured", "range ignored"])
def test_interrupted_download_is_continued(site, tmp_path, ignores_ranges):
    url = f"{site.url}/data.bin"
    site.break_after, site.ignores_ranges = 200_000, ignores_ranges
    with pytest.raises(EngramError) as refusal:
        download.fetch(url, md5(CONTENT), "mnist", tmp_path)
    assert str(refusal.value).startswith(f"cannot download {url} (")
    assert str(refusal.value).endswith(f"); run again to continue where it stopped, or {WAY_OUT}")
    have = (tmp_path / "data.bin.part").stat().st_size
    assert 0 < have <= 200_000
    assert download.fetch(url, md5(CONTENT), "mnist", tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, f"bytes={have}-"]
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]


def test_part_that_is_already_whole_needs_nothing_more(site, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT)
    found = download.fetch(f"{site.url}/data.bin", md5(CONTENT), "mnist", tmp_path)
    assert found.read_bytes() == CONTENT
    assert site.ranges == [f"bytes={len(CONTENT)}-"]


def test_wrong_checksum_is_refused_and_nothing_is_left(site, tmp_path):
    url, wrong = f"{site.url}/data.bin", md5(b"other")
    with pytest.raises(EngramError) as refusal:
        download.fetch(url, wrong, "mnist", tmp_path)
    assert str(refusal.value) == f"{url} has another checksum than md5 {wrong}; try again, or {WAY_OUT}"
    assert list(tmp_path.iterdir()) == []


def test_missing_file_is_one_line(site, tmp_path):
    with pytest.raises(EngramError, match=r"^cannot download .*/none.bin \(HTTPError\); run again"):
        download.fetch(f"{site.url}/none.bin", md5(b""), "mnist", tmp_path)


def test_offline_is_one_line(tmp_path):
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        url = f"http://127.0.0.1:{server.server_port}/x"
    with pytest.raises(EngramError) as refusal:
        download.fetch(url, md5(b""), "mnist", tmp_path)
    assert str(refusal.value) == (
        f"cannot download {url} (ConnectionError); run again to continue where it stopped, or {WAY_OUT}"
    )


def idx(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def test_idx_is_parsed():
    array = np.random.default_rng(1).integers(0, 256, (5, 3, 4)).astype(np.uint8)
    assert np.array_equal(official.parse_idx(idx(array), "x"), array)


GOOD_IDX = idx(np.zeros((2, 3), np.uint8))
IDX_REFUSALS = {
    "empty": (b"", "x must be an IDX file of unsigned bytes, its header is ''"),
    "floats": (b"\0\0\x0d\1" + bytes(8), "x must be an IDX file of unsigned bytes, its header is '00000d01'"),
    "no sizes": (b"\0\0\x08\3\0\0", "x must be an IDX file of unsigned bytes, its header is '00000803'"),
    "cut short": (GOOD_IDX[:-1], "x must hold 6 values, as its header says, got 5"),
    "too long": (GOOD_IDX + b"\0", "x must hold 6 values, as its header says, got 7"),
}


@pytest.mark.parametrize("case", IDX_REFUSALS)
def test_other_bytes_than_idx_are_refused(case):
    raw, message = IDX_REFUSALS[case]
    with pytest.raises(EngramError) as refusal:
        official.parse_idx(raw, "x")
    assert str(refusal.value) == message


def cifar_record(label, red, green, blue):
    return bytes([label]) + b"".join(bytes([value]) * 1024 for value in (red, green, blue))


def test_cifar_has_colours_and_turns_grey_by_luma():
    raw = cifar_record(3, 255, 0, 0) + cifar_record(9, 0, 255, 0) + cifar_record(0, 10, 20, 30)
    images, labels = official.parse_cifar10(raw, "x")
    assert labels.tolist() == [3, 9, 0]
    assert images.shape == (3, 32, 32, 3)
    assert images[:, 0, 0].tolist() == [[255, 0, 0], [0, 255, 0], [10, 20, 30]]
    assert official.grey(images)[:, 0, 0].tolist() == [
        76,
        150,
        18,
    ]  # 0.299 * 255, 0.587 * 255, 2.99 + 11.74 + 3.42


def test_cifar_of_another_length_is_refused():
    with pytest.raises(EngramError) as refusal:
        official.parse_cifar10(bytes(3074), "x")
    assert str(refusal.value) == "x must hold records of 3073 bytes, got 3074 bytes"


def test_mnist_by_name_comes_from_the_official_files(site, tmp_path, monkeypatch):
    rng = np.random.default_rng(2)
    parts = {
        "x_train": rng.integers(0, 256, (40, 28, 28)).astype(np.uint8),
        "y_train": (np.arange(40) % 10).astype(np.uint8),
        "x_test": rng.integers(0, 256, (10, 28, 28)).astype(np.uint8),
        "y_test": np.arange(10).astype(np.uint8),
    }
    sums = []
    for key, name in official.IDX_FILES.items():
        site.files[f"/{name}"] = gzip.compress(idx(parts[key]), mtime=0)
        sums.append(md5(site.files[f"/{name}"]))
    monkeypatch.setitem(official.IDX_SITES, "mnist", (f"{site.url}/", *sums))
    monkeypatch.delenv("ENGRAM_DATA", raising=False)
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path))
    mnist = load("mnist")
    assert np.array_equal(mnist.test.images, parts["x_test"])
    assert len(mnist.train.images) + len(mnist.validation.images) == 40


def test_cifar_by_name_comes_from_the_official_archive(site, tmp_path, monkeypatch):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, labels in (
            ("data_batch_1.bin", range(10)),
            ("data_batch_2.bin", range(10)),
            ("test_batch.bin", [7]),
            ("readme.html", []),
        ):
            raw = b"".join(cifar_record(label, label, label, label) for label in labels)
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
    site.files["/c.tar.gz"] = archive.getvalue()
    monkeypatch.setattr(official, "CIFAR10_URL", f"{site.url}/c.tar.gz")
    monkeypatch.setattr(official, "CIFAR10_MD5", md5(archive.getvalue()))
    monkeypatch.delenv("ENGRAM_DATA", raising=False)
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path))
    cifar = load("cifar10-grey")
    assert (len(cifar.train.images), len(cifar.validation.images)) == (10, 10)
    assert cifar.test.labels.tolist() == [7] and cifar.test.images[0, 0, 0] == 7
    site.files.clear()  # the archive is there
    colour = load("cifar10")
    assert colour.test.images.shape == (1, 32, 32, 3) and colour.inputs.class_names[7] == "horse"


def test_a_full_disk_is_named_and_the_part_that_came_is_continued(site, tmp_path):
    url = f"{site.url}/data.bin"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(EngramError) as refusal:
            download.fetch(url, md5(CONTENT), "mnist", tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(refusal.value).startswith(f"cannot download {url} (File too large); run again to continue")
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin.part"]
    assert download.fetch(url, md5(CONTENT), "mnist", tmp_path).read_bytes() == CONTENT

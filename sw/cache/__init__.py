"""The cache: answers and files by digest, what kinds there are, and how much of them is kept."""

from sw.cache.store import Store, cache_folder, digest_of, system_folder

__all__ = ["Store", "cache_folder", "digest_of", "system_folder"]

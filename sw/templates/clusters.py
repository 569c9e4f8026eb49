"""Templates from features: the paper's own mean and k-means of binarised features, and windows of levels.

Templates that are learned come with the student, see :mod:`sw.training.student.heads`.
"""

import numpy as np
from numpy.typing import NDArray

from sw.farm.farm import HERE, Farm, in_order
from sw.progress import Done

__all__ = ["clusters", "kmeans_templates", "mean_templates", "silhouettes"]

SILHOUETTE_IMAGES = 1_000
"""Silhouettes need all distances within a class."""


def mean_templates(bits: NDArray[np.uint8], owners: NDArray, templates: int) -> NDArray[np.uint8]:
    """A template is 1 where at least half of its images have the feature, which is the median of their bits.

    Parameters
    ----------
    bits
        uint8, (N, F), binarised features of training images.
    owners
        (N,), the template of every image: its class, or its cluster, see :func:`clusters`.
    templates
        T.

    Returns
    -------
    ndarray
        uint8, (T, F).
    """
    stored = np.empty((templates, bits.shape[1]), np.uint8)
    for template in range(templates):
        members = bits[owners == template]
        stored[template] = 2 * members.sum(axis=0, dtype=np.int64) >= len(members)
    return stored


def clusters(
    bits: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    classes: int,
    templates_per_class: int,
    seed: int,
    done: Done = lambda classes: None,
    farm: Farm = HERE,
) -> NDArray[np.int64]:
    """Template of every image (N,) by k-means within its class (Lloyd, Euclidean).

    Parameters
    ----------
    bits
        uint8, (N, F), binarised features of training images.
    labels
        (N,), their classes; every class has at least `templates_per_class` images.
    classes, templates_per_class
        K and the number of clusters of each; those of class k are numbered from ``k * templates_per_class``.
    seed
        Seed of the centroids' start.
    done
        Hears how many more classes are finished.
    farm
        Computes the classes.
    """
    members = [labels == label for label in range(classes)]
    # drawn from only as the farm takes them, so that not all classes are in memory twice
    points = (bits[of_class] for of_class in members)
    owners = np.empty(len(labels), np.int64)
    every = in_order(farm, _clustered, points, templates_per_class, seed, done=done)
    for label, (of_class, found) in enumerate(zip(members, every, strict=True)):
        owners[of_class] = label * templates_per_class + found
    return owners


def _clustered(count: int, seed: int, bits: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Cluster of every image of one class."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    kmeans = KMeans(count, n_init=4, random_state=seed, algorithm="lloyd")
    with threadpool_limits(1):  # the order of its sums depends on the number of threads
        return kmeans.fit_predict(bits.astype(np.float64))


def kmeans_templates(
    bits: NDArray[np.uint8], labels: NDArray[np.uint8], classes: int, templates_per_class: int, seed: int
) -> NDArray[np.uint8]:
    """Templates (K * templates_per_class, F) are the centroids of :func:`clusters`, binarised at one half."""
    # Means of the members, not the centroids: those are rounded, and one half must count as 1.
    owners = clusters(bits, labels, classes, templates_per_class, seed)
    return mean_templates(bits, owners, classes * templates_per_class)


def silhouettes(
    bits: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    classes: int,
    most: int,
    seed: int,
    done: Done = lambda classes: None,
) -> dict[int, float]:
    """Mean silhouette of k clusters in each class, by k from 2 on; larger is better.

    The silhouette of an image is ``(b - a) / max(a, b)``: a is its mean distance to its own cluster, b to the
    nearest other one (Rousseeuw, Journal of Computational and Applied Mathematics 20, 1987). Clusters and
    Euclidean distances are those of up to :data:`SILHOUETTE_IMAGES` images per class, drawn at random; every
    class counts the same.

    Parameters
    ----------
    bits, labels, classes, seed, done
        As :func:`clusters`.
    most
        Largest k, if every class has as many different images, and one more image; fewer otherwise.

    Returns
    -------
    dict
        Empty where some class has fewer than 3 images, or all of them alike.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import pairwise_distances, silhouette_score
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    totals: dict[int, float] = dict.fromkeys(range(2, most + 1), 0.0)
    for label in range(classes):
        members = np.flatnonzero(labels == label)
        drawn = rng.permutation(members)[:SILHOUETTE_IMAGES]
        points = bits[np.sort(drawn)].astype(np.float64)
        able = min(len(points) - 1, len(np.unique(points, axis=0)))
        totals = {count: total for count, total in totals.items() if count <= able}
        with threadpool_limits(1):  # as in clusters
            distances = pairwise_distances(points) if totals else None
            for count in totals:
                kmeans = KMeans(count, n_init=4, random_state=seed, algorithm="lloyd")
                found = kmeans.fit_predict(points)
                totals[count] += float(silhouette_score(distances, found, metric="precomputed"))
        done(1)
    return {count: total / classes for count, total in totals.items()}

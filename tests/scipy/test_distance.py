"""Distances of points: SciPy's values, gradients to second order, errors."""

import numpy as np
import pytest
import scipy.spatial.distance

import autograd_tools as ag
from autograd_tools.scipy.spatial import distance

A = np.array([[0.5, -1.0, 2.1], [0.3, 0.7, -0.2], [1.1, 0.4, 0.9], [-0.7, 0.2, 0.1]])
B = np.array([[0.1, 0.6, 0.4], [-1.2, 0.8, 0.5]])
WEIGHTS = np.array([0.5, 2.0, 1.5])
VI = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 1.5]])
METRICS = {
    **{name: (name, {}) for name in distance.METRICS},
    "minkowski of p": ("minkowski", {"p": 3.0, "w": WEIGHTS}),
    "mahalanobis of VI": ("mahalanobis", {"VI": VI}),
    "seuclidean of V": ("seuclidean", {"V": WEIGHTS}),
    **{f"{m} of w": (m, {"w": WEIGHTS}) for m in ("cityblock", "euclidean", "sqeuclidean")},
    "a function": (lambda x, y, p=2: np.sum(np.abs(x - y) ** p), {"p": 3}),
}
every_metric = pytest.mark.parametrize(("metric", "options"), METRICS.values(), ids=METRICS)


@every_metric
def test_distances_between_two_collections(metric, options):
    def f(a, b):
        return distance.cdist(a, b, metric, **options)

    expected = scipy.spatial.distance.cdist(A, B, metric, **options)
    assert np.array_equal(f(A, B), expected)
    np.testing.assert_allclose(ag.make_vjp(f)(A, B)[1], expected, rtol=1e-14)
    ag.gradcheck(f, A, B, order=2)


@every_metric
def test_distances_within_a_collection(metric, options):
    def f(a):
        return distance.pdist(a, metric, **options)

    expected = scipy.spatial.distance.pdist(A, metric, **options)
    assert np.array_equal(f(A), expected)
    np.testing.assert_allclose(ag.make_vjp(f)(A)[1], expected, rtol=1e-14)
    ag.gradcheck(f, A, order=2)


@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "minkowski", "mahalanobis"])
def test_the_distance_of_a_point_to_itself_has_no_gradient(metric):
    options = {"VI": VI} if metric == "mahalanobis" else {}
    gradient = ag.grad(lambda a: np.sum(distance.cdist(a, a[:1], metric, **options)[0]))(A)
    assert gradient.tolist() == np.zeros_like(A).tolist()


@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_two_layouts_of_distances(n):
    def there_and_back(v):
        return distance.squareform(distance.squareform(v) ** 2)

    v = np.linspace(0.5, 2.0, n * (n - 1) // 2)
    assert there_and_back(v).tolist() == (v**2).tolist()
    if n > 1:
        assert distance.squareform(v).tolist() == scipy.spatial.distance.squareform(v).tolist()
        ag.gradcheck(distance.squareform, v, order=2)
        ag.gradcheck(there_and_back, v, order=2)


def test_what_has_no_gradient_is_an_error():
    with pytest.raises(TypeError, match="expected a metric that has a gradient, got 'jaccard'"):
        ag.grad(lambda a: np.sum(distance.pdist(a, "jaccard")))(A)
    with pytest.raises(TypeError, match="expected out=None for recorded points"):
        ag.grad(lambda a: np.sum(distance.cdist(a, B, out=np.zeros((4, 2)))))(A)
    with pytest.raises(ValueError, match="must be symmetric"):
        ag.grad(lambda a: np.sum(distance.squareform(a)))(np.arange(4.0).reshape(2, 2))

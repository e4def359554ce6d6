"""The data sets are what they claim to be."""

import gzip
import hashlib
import http.server
import os
import struct
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscratch import data
from dlscratch.data import download, idx


def sha256(array, dtype):
    """Checksum of an array's values, the same on every machine."""
    return hashlib.sha256(array.astype(dtype).tobytes()).hexdigest()


# ---------------------------------------------------------------- bundled


def test_digits_have_the_shape_range_and_class_counts_of_the_source():
    x, y = data.digits()
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((1797, 64), np.float64, (1797,), np.int64)
    assert (x.min(), x.max()) == (0.0, 1.0)
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_are_the_published_numbers():
    x, y = data.digits()
    assert (x[0, :16] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]
    assert sha256(x * 16, "u1") == "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
    assert sha256(y, "u1") == "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"


def test_wine_has_three_cultivars_and_thirteen_raw_measurements():
    x, y = data.wine()
    assert (x.shape, x.dtype, y.dtype) == ((178, 13), np.float64, np.int64)
    assert np.bincount(y).tolist() == [59, 71, 48]
    assert len(data.WINE_FEATURES) == 13
    proline = data.WINE_FEATURES.index("proline")
    assert (x[:, proline].min(), x[:, proline].max()) == (278, 1680)


def test_diabetes_is_in_original_units():
    x, y = data.diabetes()
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((442, 10), np.float64, (442,), np.float64)
    low_high = {name: (x[:, j].min(), x[:, j].max()) for j, name in enumerate(data.DIABETES_FEATURES)}
    assert low_high["age"] == (19, 79) and low_high["sex"] == (1, 2) and low_high["bmi"] == (18, 42.2)
    assert low_high["ltg"] == (3.2581, 6.107) and (y.min(), y.max()) == (25, 346)
    total_over_hdl = x[:, 4] / x[:, 6]
    assert np.corrcoef(total_over_hdl, x[:, 7])[0, 1] > 0.95  # tch is that ratio, mostly rounded


def test_wine_and_diabetes_are_the_published_numbers():
    x, y = data.wine()
    assert sha256(x, "<f8") == "8edcf3903afd97c64d51e0212eb10b213f7943da650574d1c055b836c5c35d37"
    assert sha256(y, "<f8") == "28570293bbf6f313e8d190dcfbf248222abeaf61e8c7741a933516fc93507102"
    x, y = data.diabetes()
    assert sha256(x, "<f8") == "6b93b2556c8942c79d8374838768047adf9d1f4044510b9f948ddace62567d75"
    assert sha256(y, "<f8") == "4911e8747aff95aa1cd523fea86dd91cfd1cd14c1a8ead274f1913b14fa853c4"


@pytest.mark.parametrize("load", [data.digits, data.wine, data.diabetes])
def test_every_call_returns_fresh_writable_arrays(load):
    x, y = load()
    x[:], y[:] = -1, -1
    again_x, again_y = load()
    assert again_x.min() >= 0 and again_y.min() >= 0
    assert x.flags["C_CONTIGUOUS"] and again_x.base is None


@pytest.mark.parametrize("name", ["digits", "wine", "diabetes"])
def test_every_file_has_its_source_and_terms_beside_it(name):
    folder = Path(data.__file__).with_name("files")
    text = (folder / f"{name}.txt").read_text(encoding="ascii")
    assert all(word in text for word in ("Source", "Citation", "https://doi.org/10.", "Changes"))
    assert "CC-BY-4.0.txt" in text and (folder / "CC-BY-4.0.txt").exists() or "no licence stated" in text
    columns = (folder / f"{name}.csv").read_text(encoding="ascii").splitlines()[0].split(",")
    features = {"wine": data.WINE_FEATURES, "diabetes": data.DIABETES_FEATURES}.get(name)
    assert features is None or tuple(columns[:-1]) == features


# ---------------------------------------------------------------- points in the plane

TOYS = [data.moons, data.rings, data.spirals, data.line]


@pytest.mark.parametrize("draw", TOYS)
def test_the_same_seed_draws_the_same_points(draw):
    first, again, other = (draw(50, rng=np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("n", [1, 2, 7, 100])
@pytest.mark.parametrize("draw, classes", [(data.moons, 2), (data.rings, 2), (data.spirals, 2), (data.spirals, 5)])
def test_classes_are_as_equal_as_n_allows(draw, classes, n):
    options = {"classes": classes} if draw is data.spirals else {}
    x, y = draw(n, rng=np.random.default_rng(0), **options)
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((n, 2), np.float64, (n,), np.int64)
    assert np.ptp(np.bincount(y, minlength=classes)) <= 1


def test_without_noise_moons_are_two_half_circles():
    x, y = data.moons(200, noise=0, rng=np.random.default_rng(0))
    np.testing.assert_allclose(np.hypot(*x[y == 0].T), 1)
    np.testing.assert_allclose(np.hypot(*(x[y == 1] - [1, 0.5]).T), 1)
    assert x[y == 0, 1].min() >= 0 and x[y == 1, 1].max() <= 0.5


def test_without_noise_rings_have_radius_1_and_2():
    x, y = data.rings(200, noise=0, rng=np.random.default_rng(0))
    np.testing.assert_allclose(np.hypot(*x.T), 1.0 + y)
    assert np.sign(x[y == 1]).mean() ** 2 < 0.1  # all the way round


def test_without_noise_spirals_are_one_arm_turned_by_a_fraction_of_a_turn():
    x, y = data.spirals(300, classes=3, turns=2, noise=0, rng=np.random.default_rng(0))
    radius, angle = np.hypot(*x.T), np.arctan2(x[:, 1], x[:, 0])
    turn = angle / (2 * np.pi) - 2 * radius / 2 - y / 3
    np.testing.assert_allclose(turn - np.round(turn), 0, atol=1e-12)
    assert 0.2 <= radius.min() and 1.9 < radius.max() <= 2


def test_noise_is_the_standard_deviation_of_every_coordinate():
    clean, _ = data.rings(4000, noise=0, rng=np.random.default_rng(0))
    noisy, _ = data.rings(4000, noise=0.25, rng=np.random.default_rng(0))
    np.testing.assert_allclose((noisy - clean).std(axis=0), 0.25, rtol=0.05)


def test_least_squares_finds_the_line():
    x, y = data.line(2000, w=-3, b=0.5, noise=0.1, rng=np.random.default_rng(0))
    assert x.shape == (2000, 1) and y.shape == (2000,)
    w, b = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y)[0]
    assert abs(w + 3) < 0.01 and abs(b - 0.5) < 0.01


@pytest.mark.parametrize("draw", TOYS)
@pytest.mark.parametrize(
    "change, error, message",
    [
        *[(dict(n=n), ValueError, "n counts the points") for n in (0, -3, 2.5, True, "ten", None)],
        *[(dict(noise=noise), ValueError, "a standard deviation") for noise in (-0.1, np.nan, np.inf, "0.1", None)],
        (dict(rng=0), TypeError, "rng is a int; give np.random.default_rng"),
        (dict(rng=np.random), TypeError, "rng is a module"),
    ],
)
def test_bad_points_say_what_is_wrong(draw, change, error, message):
    with pytest.raises(error, match=rf"{draw.__name__}\(.*{message}"):
        draw(**(dict(n=10, noise=0.1, rng=np.random.default_rng(0)) | change))


@pytest.mark.parametrize("change", [dict(classes=1), dict(classes=2.0), dict(turns=np.inf), dict(turns="2")])
def test_bad_spirals_say_what_is_wrong(change):
    with pytest.raises(ValueError, match=r"spirals\((classes|turns)=.*: give a"):
        data.spirals(10, rng=np.random.default_rng(0), **change)


# ---------------------------------------------------------------- splits

SPLITS = [data.split, data.stratified_split]


def rows_and_classes(count):
    """x (N, 1) whose value is its row number, y with count[k] examples of class k."""
    y = np.repeat(np.arange(len(count)), count)
    return np.arange(float(len(y)))[:, None], y


@pytest.mark.parametrize("cut", SPLITS)
def test_a_split_is_disjoint_covers_everything_and_keeps_x_beside_y(cut):
    x, y = rows_and_classes([30, 20, 10])
    x_train, y_train, x_test, y_test = cut(x, y, rng=np.random.default_rng(0))
    assert len(x_test) == len(y_test) == 12
    assert sorted(np.concatenate([x_train, x_test]).ravel()) == x.ravel().tolist()
    for part_x, part_y in [(x_train, y_train), (x_test, y_test)]:
        assert (y[part_x.ravel().astype(int)] == part_y).all()


@pytest.mark.parametrize("cut", SPLITS)
def test_a_split_is_shuffled_and_repeats_with_the_same_seed(cut):
    x, y = rows_and_classes([50, 50])
    first, again, other = (cut(x, y, rng=np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert set(first[2].ravel()) != set(other[2].ravel())  # other rows, not only another order
    for classes in (first[1], first[3]):
        assert np.abs(np.diff(classes)).sum() > len(classes) / 4  # they alternate: not one block after the other


@given(st.lists(st.integers(2, 40), min_size=1, max_size=8), st.floats(0.05, 0.95), st.integers(0, 9))
def test_each_class_keeps_its_share_to_within_one_example(count, test, seed):
    x, y = rows_and_classes(count)
    n_test = round(test * len(y))
    if not len(count) <= n_test <= len(y) - len(count):
        with pytest.raises(ValueError, match="both parts need at least"):
            data.stratified_split(x, y, test=test, rng=np.random.default_rng(seed))
        return
    x_train, y_train, x_test, y_test = data.stratified_split(x, y, test=test, rng=np.random.default_rng(seed))
    places = np.bincount(y_test, minlength=len(count))
    share = np.array(count) * n_test / len(y)
    assert places.sum() == n_test
    assert (places >= 1).all() and (places < count).all()
    if (share >= 1).all() and (share <= np.array(count) - 1).all():
        assert (np.abs(places - share) < 1).all()
    assert set(x_train.ravel()) | set(x_test.ravel()) == set(x.ravel())


@pytest.mark.parametrize("test, sizes", [(0.01, (2, 1)), (0.99, (1, 2))])
def test_neither_part_of_a_split_is_empty(test, sizes):
    x_train, _, x_test, _ = data.split(np.zeros((3, 1)), np.zeros(3), test=test, rng=np.random.default_rng(0))
    assert (len(x_train), len(x_test)) == sizes


def test_places_that_do_not_divide_go_to_the_largest_remainders():
    x, y = rows_and_classes([33, 34, 33])  # 20 % of 100: shares 6.6, 6.8, 6.6
    _, _, _, y_test = data.stratified_split(x, y, rng=np.random.default_rng(0))
    assert np.bincount(y_test).tolist() == [7, 7, 6]


def test_rare_classes_have_one_example_in_each_part():
    x, y = rows_and_classes([100, 2, 2, 2])
    _, y_train, _, y_test = data.stratified_split(x, y, rng=np.random.default_rng(0))
    assert np.bincount(y_test).tolist() == [18, 1, 1, 1] and np.bincount(y_train).tolist() == [82, 1, 1, 1]


def test_classes_need_not_be_consecutive_and_x_may_be_images():
    y = np.array([-1, 7] * 10)
    x_train, y_train, x_test, y_test = data.stratified_split(
        np.zeros((20, 1, 8, 8)), y, test=0.5, rng=np.random.default_rng(0)
    )
    assert x_train.shape == x_test.shape == (10, 1, 8, 8)
    assert (y_train == 7).sum() == (y_test == 7).sum() == 5


def test_five_splits_of_the_digits_have_359_test_images_each():
    x, y = data.digits()
    parts = [data.stratified_split(x, y, rng=np.random.default_rng(seed)) for seed in range(5)]
    assert [len(part[2]) for part in parts] == [359] * 5
    assert all(np.bincount(part[3]).min() >= 34 for part in parts)


BAD_SPLITS = [
    (data.split, dict(y=np.zeros(9)), ValueError, r"one y for each x; x has shape \(10, 1\), y has shape \(9,\)"),
    (data.split, dict(test=0.0), ValueError, r"split\(test=0.0\): test is the share"),
    (data.split, dict(test=20), ValueError, "between 0 and 1"),
    (data.split, dict(test=float("nan")), ValueError, "between 0 and 1"),
    (data.split, dict(rng=0), TypeError, "rng is a int; give np.random.default_rng"),
    (data.split, dict(x=np.zeros((1, 2)), y=np.zeros(1)), ValueError, "1 examples cannot fill"),
    (data.split, dict(x=np.zeros((0, 2)), y=np.zeros(0)), ValueError, "0 examples cannot fill"),
    (data.split, dict(x=3.0), ValueError, "one y for each x"),
    (data.stratified_split, dict(y=np.linspace(0, 1, 10)), TypeError, r"for regression use data\.split"),
    (data.stratified_split, dict(y=np.eye(10)), TypeError, "classes are integers"),
    (data.stratified_split, dict(y=np.eye(10, dtype=int)), ValueError, r"one-hot rows: y.argmax\(axis=1\)"),
    (data.stratified_split, dict(y=np.array([0] * 9 + [5])), ValueError, "class 5 has one example"),
    (data.stratified_split, dict(test=0.1), ValueError, "1 of 10 examples in the test part; with 2 classes"),
    (data.stratified_split, dict(test=0.9), ValueError, "9 of 10 examples"),
]


@pytest.mark.parametrize("cut, change, error, message", BAD_SPLITS)
def test_a_bad_split_says_what_is_wrong(cut, change, error, message):
    good = dict(x=np.zeros((10, 1)), y=np.arange(10) % 2, test=0.2, rng=np.random.default_rng(0))
    with pytest.raises(error, match=message):
        cut(**(good | change))


# ---------------------------------------------------------------- standardize


def test_standardize_learns_from_the_training_part_alone():
    rng = np.random.default_rng(0)
    x_train, x_test = rng.normal(5, 3, (50, 4)), rng.normal(9, 1, (20, 4))
    scaled, scaled_test = data.standardize(x_train, x_test)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(scaled.std(axis=0), 1)
    np.testing.assert_allclose(scaled_test * x_train.std(axis=0) + x_train.mean(axis=0), x_test)


def test_a_constant_column_becomes_zero_even_if_its_mean_is_rounded():
    x = np.full((1000, 1), 0.1)  # 0.1 is no binary fraction: a sum of a thousand is rounded, x.std() is 1e-17
    assert np.abs(data.standardize(x)).max() < 1e-15


def test_standardize_keeps_float32_takes_integers_and_targets():
    scaled, scaled_test = data.standardize(np.float32([[1, 5], [3, 5]]), np.float32([[2, 5]]))
    assert scaled.dtype == scaled_test.dtype == np.float32
    assert data.standardize(np.array([1, 3])).tolist() == [-1.0, 1.0]


BAD_COLUMNS = [
    ([np.zeros((0, 2))], ValueError, r"shape \(0, 2\)"),
    ([np.float64(1)], ValueError, "arrays with rows"),
    ([np.zeros((3, 2)), np.zeros((3, 1))], ValueError, r"shape \(3, 1\) beside x_train \(3, 2\)"),
    ([np.array([[1.0], [np.nan]])], ValueError, r"nan at \(1, 0\)"),
    ([np.array(["a"])], TypeError, "an array of <U1"),
    ([np.array([1j])], TypeError, "complex128"),
]


@pytest.mark.parametrize("arrays, error, message", BAD_COLUMNS)
def test_standardize_says_what_is_wrong(arrays, error, message):
    with pytest.raises(error, match=message):
        data.standardize(*arrays)


# ---------------------------------------------------------------- IDX files


def idx_bytes(array):
    """An IDX file written by hand, from the description of the format."""
    code = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}[array.dtype.str[1:]]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def zipped(content):
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize("pack", [bytes, zipped])
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (0, 28, 28)])
def test_idx_gives_back_every_type_and_shape(tmp_path, pack, dtype, shape):
    array = np.random.default_rng(0).integers(-100, 100, shape).astype(dtype)
    (tmp_path / "some.idx").write_bytes(pack(idx_bytes(array)))
    back = data.read_idx(tmp_path / "some.idx")
    assert back.dtype == np.dtype(dtype) and back.dtype.isnative and back.flags.writeable
    assert back.shape == shape and np.array_equal(back, array)


def test_idx_is_big_endian(tmp_path):
    (tmp_path / "some.idx").write_bytes(bytes([0, 0, 0x0B, 1, 0, 0, 0, 2, 1, 0, 255, 255]))
    assert data.read_idx(tmp_path / "some.idx").tolist() == [256, -1]


GOOD = idx_bytes(np.arange(24, dtype="u1").reshape(2, 3, 4))
HUGE = bytes([0, 0, 0x0E, 2]) + b"\xff" * 8
BAD_IDX = {
    "empty": (b"", "begins with nothing"),
    "one byte": (b"\0", "no IDX file: it begins with 00,"),
    "other magic": (b"PK\3\4" + GOOD, "begins with 50 4b 03 04"),
    "first byte not zero": (b"\1" + GOOD[1:], "begins with 01 00 08 03"),
    "little-endian magic": (b"\3\10\0\0" + GOOD[4:], "begins with 03 08 00 00"),
    "unknown type": (b"\0\0\12" + GOOD[3:], "a type of 08, 09, 0b, 0c, 0d, 0e"),
    "no axes": (b"\0\0\10\0\1", "axes from 1 to 32"),
    "cut in the header": (GOOD[:10], "ends inside its header of 3 axes"),
    "cut in the numbers": (GOOD[:-1], r"promises \(2, 3, 4\) = 24 bytes"),
    "trailing byte": (GOOD + b"\0", r"promises \(2, 3, 4\) = 24 bytes, more follow"),
    "absurd size": (HUGE + b"\0" * 100, "the file cannot hold more than 112"),
    "zipped and cut in the numbers": (zipped(GOOD[:-1]), "only 23 follow"),
    "zipped and trailing byte": (zipped(GOOD + b"\0"), "more follow"),
    "zipped absurd size": (zipped(HUGE), "the file cannot hold more than"),
    "zipped and a thousand times too short": (
        zipped(struct.pack(">BBBBI", 0, 0, 8, 1, 90_000_000) + np.random.default_rng(0).bytes(100_000)),
        "90,000,000 bytes, only 100,000 follow",
    ),
    "cut gzip": (zipped(GOOD)[:-9], "the gzip file is damaged"),
    "broken gzip": (zipped(GOOD)[:10] + b"\xff" * 20, "the gzip file is damaged"),
    "wrong gzip checksum": (zipped(GOOD)[:-8] + b"\0" * 8, "the gzip file is damaged"),
    "rubbish after gzip": (zipped(GOOD) + b"rubbish", "the gzip file is damaged"),
    "nothing times huge": (bytes([0, 0, 8, 3]) + b"\0" * 4 + b"\xff" * 8, ""),
}


@pytest.mark.parametrize("content, message", BAD_IDX.values(), ids=BAD_IDX.keys())
def test_a_bad_idx_file_says_what_is_wrong_and_takes_no_memory(tmp_path, content, message):
    (tmp_path / "some.idx").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"read_idx\('.*some.idx'\): .*{message}"):
        data.read_idx(tmp_path / "some.idx")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


@given(st.binary(max_size=40))
def test_idx_reads_any_bytes_or_raises_value_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.idx"
    path.write_bytes(b"\0\0\10" + content)
    try:
        assert data.read_idx(path).nbytes <= len(content)
    except ValueError as error:
        assert "read_idx(" in str(error)


def test_a_missing_idx_file_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.idx"):
        data.read_idx(tmp_path / "none.idx")


# ---------------------------------------------------------------- MNIST, from a server on this machine


def made_mnist():
    """Four small files in the form of MNIST, and what mnist() should know of them."""
    rng = np.random.default_rng(0)
    contents = {}
    for name in idx.MNIST_FILES:
        n = 200 if "train" in name else 4  # 200 images arrive in several pieces
        array = rng.integers(0, 256, (n, 28, 28)) if "images" in name else rng.integers(0, 10, n)
        contents[name] = zipped(idx_bytes(array.astype("u1")))
    known = {name: (len(c), hashlib.sha256(c).hexdigest()) for name, c in contents.items()}
    return contents, known


CONTENTS, KNOWN = made_mnist()


class Mirror(http.server.BaseHTTPRequestHandler):
    """Answers /<what goes wrong>/<file>."""

    def do_GET(self):
        _, way, name = self.path.split("/")
        self.server.asked.append(name)
        content = CONTENTS[name]
        body = {
            "good": content,
            "cut": content[:-5],
            "changed": content[:-1] + bytes([content[-1] ^ 1]),
            "long": content,
            "page": b"<html>please log in</html>",
        }.get(way)
        if body is None:
            return self.send_error(404)
        self.send_response(200)
        if way != "long":
            self.send_header("Content-Length", str(len(body) + 5 * (way == "cut")))
        self.end_headers()
        try:
            self.wfile.write(body)
            for _ in range(50 * (way == "long")):
                self.wfile.write(bytes(1_000_000))
        except ConnectionError:
            self.server.was_left.set()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        server.asked, server.was_left = [], threading.Event()
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_mnist_downloads_once_and_then_needs_no_network(server, tmp_path, capsys):
    folder = tmp_path / "new" / "mnist"
    x_train, y_train, x_test, y_test = data.mnist(folder, mirrors=[server.url + "/good/"], files=KNOWN)
    assert (x_train.shape, x_test.shape, x_train.dtype) == ((200, 784), (4, 784), np.float32)
    assert (y_train.shape, y_test.shape) == ((200,), (4,)) and y_train.dtype == y_test.dtype == np.int64
    pixels = np.frombuffer(gzip.decompress(CONTENTS["t10k-images-idx3-ubyte.gz"])[16:], "u1")
    np.testing.assert_array_equal(x_test.ravel(), pixels.astype("f4") / np.float32(255))
    assert 0 <= x_train.min() and x_train.max() <= 1

    assert server.asked == list(KNOWN) and sorted(os.listdir(folder)) == sorted(KNOWN)
    again = data.mnist(folder, mirrors=[], files=KNOWN)
    assert np.array_equal(again[0], x_train) and len(server.asked) == 4
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(KNOWN)
    assert all(line.endswith(" bytes) ..........") for line in lines)


def test_mnist_takes_only_what_is_missing(server, tmp_path, capsys):
    first, *rest = KNOWN
    (tmp_path / first).write_bytes(CONTENTS[first])
    data.mnist(tmp_path, mirrors=[server.url + "/good"], files=KNOWN)
    assert server.asked == rest


def test_mnist_goes_on_to_the_next_mirror(server, tmp_path, capsys):
    ways = ["gone", "cut", "changed", "long", "page", "good", "good"]
    data.mnist(tmp_path, mirrors=[f"{server.url}/{way}" for way in ways], files=KNOWN)
    assert sorted(os.listdir(tmp_path)) == sorted(KNOWN)
    assert server.asked == [name for name in KNOWN for _ in ways[:-1]]


def test_a_stream_that_goes_on_and_on_is_left(server, tmp_path, capsys):
    with pytest.raises(OSError, match="more than"):
        data.mnist(tmp_path, mirrors=[server.url + "/long"], files=KNOWN)
    assert server.was_left.wait(5)


@pytest.mark.parametrize(
    "way, reason",
    [
        ("gone", "HTTP Error 404: Not Found"),
        ("cut", r"only [\d,]+ of [\d,]+ bytes came|IncompleteRead"),
        ("changed", "not the published file: SHA-256 [0-9a-f]{64}"),
        ("long", "more than [0-9,]+ bytes came"),
        ("page", "only 26 of"),
    ],
)
def test_a_failed_download_says_why_and_leaves_nothing(server, tmp_path, capsys, way, reason):
    with pytest.raises(OSError, match=rf"127.0.0.1:\d+/{way}/train-images.*: {reason}"):
        data.mnist(tmp_path, mirrors=[f"{server.url}/{way}"], files=KNOWN)
    assert os.listdir(tmp_path) == []


def test_offline_says_what_to_fetch_and_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    first, *rest = KNOWN
    (tmp_path / first).write_bytes(CONTENTS[first])
    with pytest.raises(OSError) as caught:
        data.mnist(tmp_path, mirrors=["http://127.0.0.1:1/mnist"], files=KNOWN)  # nothing listens on port 1
    message = str(caught.value)
    assert "http://127.0.0.1:1/mnist/train-labels-idx1-ubyte.gz: " in message
    assert all(f"    {name}\n" in message for name in rest) and first not in message
    assert f"into {tmp_path}\n" in message and "DLSCRATCH_DATA" in message
    assert os.listdir(tmp_path) == [first]


def test_an_interrupted_download_leaves_no_half_written_file(server, tmp_path, monkeypatch, capsys):
    def interrupted(path):
        assert path.name.endswith(".part") and path.exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "_sha256", interrupted)
    with pytest.raises(KeyboardInterrupt):
        data.mnist(tmp_path, mirrors=[server.url + "/good"], files=KNOWN)
    assert os.listdir(tmp_path) == []


def test_a_foreign_file_in_the_cache_is_named_and_left_alone(tmp_path):
    for name in KNOWN:
        (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(ValueError, match="train-images-idx3-ubyte.gz is not the published file: SHA-256 .*delete"):
        data.mnist(tmp_path, mirrors=[], files=KNOWN)
    assert (tmp_path / "train-images-idx3-ubyte.gz").read_bytes() == b"mine"


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="(?s)file.*DLSCRATCH_DATA"):
        data.mnist(tmp_path / "file" / "mnist", mirrors=[server.url + "/good"], files=KNOWN)


@pytest.mark.parametrize(
    "platform, variables, want",
    [
        ("linux", {}, "home/.cache/dlscratch"),
        ("linux", {"XDG_CACHE_HOME": "xdg"}, "xdg/dlscratch"),
        ("darwin", {"XDG_CACHE_HOME": "xdg"}, "home/Library/Caches/dlscratch"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/dlscratch"),
        ("win32", {}, "home/AppData/Local/dlscratch"),
        ("win32", {"DLSCRATCH_DATA": "chosen", "LOCALAPPDATA": "local"}, "chosen"),
        ("linux", {"DLSCRATCH_DATA": ""}, "home/.cache/dlscratch"),
    ],
)
def test_the_cache_stands_where_the_system_keeps_caches(monkeypatch, platform, variables, want):
    for name in ("DLSCRATCH_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    assert download.cache_folder() == Path(want)


def test_without_a_folder_mnist_uses_the_cache(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DLSCRATCH_DATA", str(tmp_path))
    data.mnist(mirrors=[server.url + "/good"], files=KNOWN)
    assert sorted(os.listdir(tmp_path / "mnist")) == sorted(KNOWN)


def test_the_real_files_are_described_completely():
    assert [len(sha) for _, sha in idx.MNIST_FILES.values()] == [64] * 4
    assert sum(n_bytes for n_bytes, _ in idx.MNIST_FILES.values()) == 11_594_722
    assert all(mirror.startswith("https://") for mirror in idx.MNIST_MIRRORS)

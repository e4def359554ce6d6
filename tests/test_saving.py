"""Saving and loading: what a file holds, what comes back, and files that mean no good."""

import io
import os
import random
import tracemalloc
import zipfile

import numpy as np
import pytest

from dlscratch import (
    SGD,
    Affine,
    BatchNorm,
    Conv2D,
    Flatten,
    MaxPool2D,
    Parameter,
    ReLU,
    Sequential,
    Tanh,
    Tensor,
    load,
    nn,
    save,
)


def small_net(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return Sequential(Affine(3, 4, rng=rng, dtype=dtype), ReLU(), Affine(4, 2, rng=rng, dtype=dtype))


def small_module(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.ReLU(), nn.Linear(4, 2, rng=rng))


def values(net):
    params = net.parameters() if hasattr(net, "parameters") else net.params
    return [np.array(p.data) for p in params] + [np.array(b) for b in getattr(net, "buffers", ())]


def assert_equal(got, want):
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def names_in(path):
    with np.load(path, allow_pickle=False) as file:
        return file.files


class Slotted:
    """A net that shows its parameters and nothing else."""

    __slots__ = ("params",)

    def __init__(self):
        self.params = [Parameter(np.zeros(2)), Parameter(np.zeros(3))]


class Encoder(nn.Module):
    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.scale = Tensor(rng.normal(), requires_grad=True)
        self.layers = [nn.Linear(3, 3, rng=rng), nn.Tanh()]
        self.heads = [nn.Linear(3, 2, rng=rng), nn.Linear(3, 2, rng=rng)]


# ---- there and back ----------------------------------------------------------------------------------


def image_net(seed=0):
    rng = np.random.default_rng(seed)
    net = Sequential(Conv2D(1, 2, 3, rng=rng), BatchNorm(2), ReLU(), MaxPool2D(2), Flatten(), Affine(8, 3, rng=rng))
    net.forward(rng.normal(size=(4, 1, 6, 6)))
    return net


def character_model(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Embedding(5, 3, rng=rng), nn.LayerNorm(3), nn.SelfAttention(3, rng=rng))


@pytest.mark.parametrize("make", [small_net, small_module, Encoder, image_net, character_model])
def test_what_is_loaded_is_what_was_saved_to_the_last_bit(make, tmp_path):
    net, other = make(seed=0), make(seed=1)
    save(tmp_path / "net.npz", net)
    load(str(tmp_path / "net.npz"), other)
    assert_equal(values(other), values(net))


def test_arrays_are_named_by_their_place(tmp_path):
    save(tmp_path / "net.npz", small_net())
    assert names_in(tmp_path / "net.npz") == ["0.W", "0.b", "2.W", "2.b"]
    save(tmp_path / "module.npz", Encoder())
    assert names_in(tmp_path / "module.npz") == [
        "scale",
        "0.W",
        "0.b",
        "heads.0.W",
        "heads.0.b",
        "heads.1.W",
        "heads.1.b",
    ]


def test_a_net_in_a_net_and_a_layer_that_stands_twice(tmp_path):
    shared = Affine(3, 3, rng=np.random.default_rng(0))
    net = Sequential(Tanh(), Sequential(shared, Tanh()), shared)
    save(tmp_path / "net.npz", net)
    assert names_in(tmp_path / "net.npz") == ["1.0.W", "1.0.b"]


def test_running_statistics_are_saved_and_loaded_in_place(tmp_path):
    net, other = image_net(seed=0), image_net(seed=1)
    kept, x = other.layers[1].running_mean, np.random.default_rng(2).normal(size=(3, 1, 6, 6))
    save(tmp_path / "net.npz", net)
    load(tmp_path / "net.npz", other)
    assert {"1.gamma", "1.running_mean", "1.running_variance"} <= set(names_in(tmp_path / "net.npz"))
    assert other.layers[1].running_mean is kept
    np.testing.assert_array_equal(other.eval().forward(x), net.eval().forward(x))


def test_parameters_that_no_attribute_shows_are_numbered(tmp_path):
    net, other = Slotted(), Slotted()
    net.params[1].data = [1, 2, 3]
    save(tmp_path / "net.npz", net)
    load(tmp_path / "net.npz", other)
    assert names_in(tmp_path / "net.npz") == ["params.0", "params.1"]
    assert_equal(values(other), values(net))


def test_a_net_that_knows_where_it_stands_is_no_endless_loop(tmp_path):
    net = small_net()
    net.layers[0].parent = net
    save(tmp_path / "net.npz", net)
    assert len(names_in(tmp_path / "net.npz")) == 4


def test_layers_and_modules_read_one_anothers_files(tmp_path):
    net, module = small_net(seed=0), small_module(seed=1)
    save(tmp_path / "net.npz", net)
    load(tmp_path / "net.npz", module)
    assert_equal(values(module), values(net))


@pytest.mark.parametrize(("saved", "loaded"), [(np.float64, np.float32), (np.float32, np.float64)])
def test_a_net_keeps_its_dtype(saved, loaded, tmp_path):
    net, other = small_net(seed=0, dtype=saved), small_net(seed=1, dtype=loaded)
    save(tmp_path / "net.npz", net)
    load(tmp_path / "net.npz", other)
    assert_equal(values(other), [v.astype(loaded) for v in values(net)])
    assert {v.dtype for v in values(other)} == {np.dtype(loaded)}


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_a_file_written_by_numpy_is_read_too(write, tmp_path):
    net, other = small_net(seed=0), small_net(seed=1)
    arrays = dict(zip(["0.W", "0.b", "2.W", "2.b"], values(net), strict=True))
    write(tmp_path / "net.npz", **arrays | {"0.W": np.asfortranarray(arrays["0.W"].astype(">f8"))})
    load(tmp_path / "net.npz", other)
    assert_equal(values(other), values(net))


@pytest.mark.parametrize("make", [small_net, small_module])
def test_training_goes_on_from_the_loaded_weights(make, tmp_path):
    net, other = make(seed=0), make(seed=1)
    params = other.parameters() if hasattr(other, "parameters") else other.params
    optimizer = SGD(params, lr=0.5)
    save(tmp_path / "net.npz", net)
    load(tmp_path / "net.npz", other)
    for p in params:
        p.grad = np.ones_like(p.data)
    optimizer.step()
    assert_equal(values(other), [v - 0.5 for v in values(net)])


def test_the_same_weights_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        save(tmp_path / name, small_net())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


# ---- whole or not at all -----------------------------------------------------------------------------


def test_a_save_that_breaks_off_leaves_the_old_file(tmp_path, monkeypatch):
    path, written = tmp_path / "net.npz", []
    save(path, small_net(seed=0))
    before = path.read_bytes()

    def full_disk(file, array, **options):
        written.append(file.write(b"half"))
        raise OSError("No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save(path, small_net(seed=1))
    assert written
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["net.npz"]


def test_the_new_file_takes_the_place_of_the_old_in_one_move(tmp_path):
    path = tmp_path / "net.npz"
    save(path, small_net(seed=0))
    os.link(path, tmp_path / "old")
    before = path.read_bytes()
    save(path, small_net(seed=1))
    assert (tmp_path / "old").read_bytes() == before != path.read_bytes()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_net_that_has_diverged_does_not_replace_the_last_good_one(value, tmp_path):
    path, net = tmp_path / "net.npz", small_net()
    save(path, net)
    before = path.read_bytes()
    net.params[2].data[1, 0] = value
    with pytest.raises(
        ValueError, match=rf"save\('.*net.npz', net\): 2.W holds {value} at \(1, 0\); nothing was written"
    ):
        save(path, net)
    assert path.read_bytes() == before


def test_a_net_without_parameters_is_an_error(tmp_path):
    for call in (save, load):
        with pytest.raises(ValueError, match="ReLU has no parameters"):
            call(tmp_path / "net.npz", ReLU())
    assert not os.listdir(tmp_path)


def test_only_floats_are_saved(tmp_path):
    net = Affine(3, 2, rng=np.random.default_rng(0))
    net.buffers = (np.arange(3),)
    with pytest.raises(ValueError, match="buffers.0 is an array of int64, not of floats; nothing was written"):
        save(tmp_path / "net.npz", net)


def test_two_parameters_of_one_name_are_an_error(tmp_path):
    module = small_module()
    module.layers = [nn.Linear(2, 2, rng=np.random.default_rng(0))]
    with pytest.raises(ValueError, match="two parameters have the same name"):
        save(tmp_path / "net.npz", module)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.npz"):
        load(tmp_path / "nothing.npz", small_net())


# ---- files that mean no good -------------------------------------------------------------------------


def refused(path, net=None):
    """The message with which `load` refuses a file; the net must be as it was."""
    net = net or small_net(seed=1)
    before = values(net)
    with pytest.raises(ValueError) as error:
        load(path, net)
    assert_equal(values(net), before)
    said = str(error.value)
    assert said.startswith(f"load({str(path)!r}, net): ")
    return said


def npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=True)
    return file.getvalue()


def header(text, numbers=bytes(96)):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + numbers


def archive(path, changes=(), packing=zipfile.ZIP_STORED):
    """The file of a small net, with some of its members changed (None: left out)."""
    members = dict(zip(["0.W.npy", "0.b.npy", "2.W.npy", "2.b.npy"], map(npy, values(small_net())), strict=True))
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, content in (members | dict(changes)).items():
            if content is not None:
                file.writestr(name, content)
    return path


def test_the_archive_of_these_tests_is_good_when_nothing_is_changed(tmp_path):
    net = small_net(seed=1)
    load(archive(tmp_path / "net.npz"), net)
    assert_equal(values(net), values(small_net(seed=0)))


SHAPE = b"'fortran_order': False, 'shape': (3, 4), }"

WRONG_MEMBERS = {
    "another shape": ({"2.W.npy": npy(np.ones((4, 3)))}, "2.W: has shape (4, 3) in the file, (4, 2) in the net"),
    "transposed": ({"0.W.npy": npy(np.ones((4, 3)))}, "0.W: has shape (4, 3) in the file, (3, 4) in the net"),
    "another number of axes": ({"0.b.npy": npy(np.ones((1, 4)))}, "0.b: has shape (1, 4) in the file, (4,) in the net"),
    "a name is missing": ({"2.b.npy": None}, "2.b: in the net, not in the file"),
    "a name too many": ({"4.W.npy": npy(np.ones(3))}, "4.W: in the file, not in the net"),
    "names of another net": ({"0.b.npy": None, "0.bias.npy": npy(np.ones(4))}, "0.bias: in the file, not in the net"),
    "a path as a name": ({"../../0.W.npy": npy(np.ones(3))}, "../../0.W: in the file, not in the net"),
    "the last array is wrong": ({"2.b.npy": npy(np.array([1.0, np.nan]))}, "2.b: holds nan at (1,)"),
    "infinite": ({"0.W.npy": npy(np.full((3, 4), -np.inf))}, "0.W: holds -inf at (0, 0)"),
    "integers": ({"0.b.npy": npy(np.arange(4))}, "0.b: is an array of int64, not of floats"),
    "complex": ({"0.b.npy": npy(np.ones(4) * 1j)}, "0.b: is an array of complex128, not of floats"),
    "text": ({"0.b.npy": npy(np.array(list("abcd")))}, "0.b: is an array of <U1, not of floats"),
    "records": ({"0.b.npy": npy(np.zeros(4, "f8,O"))}, "Python objects"),
    "objects": ({"0.b.npy": npy(np.array([None] * 4))}, "0.b: is an array of Python objects, that is, of pickles"),
    "too few numbers": ({"0.b.npy": npy(np.ones(4))[:-1]}, "its header promises 32 bytes, 31 follow"),
    "too many numbers": ({"0.b.npy": npy(np.ones(4)) + b"x"}, "its header promises 32 bytes, 33 follow"),
    "no array": ({"0.b.npy": b"import os"}, "the header of an array is damaged"),
    "nothing": ({"0.b.npy": b""}, "the header of an array is damaged"),
    "a later format": ({"0.b.npy": b"\x93NUMPY\x03\x00" + bytes(99)}, "version (3, 0) of the format"),
    "a huge shape": ({"0.W.npy": header(b"{'descr': '<f8', " + SHAPE.replace(b"3", b"9" * 12))}, "shape (999999999999, 4)"),
    "a shape of thousands of digits": ({"0.W.npy": header(b"{'descr': '<f8', " + SHAPE.replace(b"3", b"9" * 5000))}, "damaged"),
    "a negative shape": ({"0.W.npy": header(b"{'descr': '<f8', " + SHAPE.replace(b"3", b"-3"))}, "shape (-3, 4)"),
    "a shape of an older Python": ({"0.W.npy": header(b"{'descr': '<f8', " + SHAPE.replace(b"3", b"3L"))}, "damaged"),
    "code as a type": ({"0.W.npy": header(b"{'descr': __import__('os').getcwd(), " + SHAPE)}, "damaged"),
    "parentheses without end": ({"0.W.npy": header(b"(" * 9000)}, "damaged"),
    "signs without end": ({"0.W.npy": header(b"-" * 9000 + b"1")}, "damaged"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), WRONG_MEMBERS.values(), ids=WRONG_MEMBERS)
def test_an_archive_with_something_wrong_is_refused_whole(changes, said, tmp_path):
    assert said in refused(archive(tmp_path / "net.npz", changes))


def test_every_difference_is_listed_up_to_eight(tmp_path):
    more = {f"{i}.W.npy": npy(np.ones(2)) for i in range(10, 20)}
    said = refused(archive(tmp_path / "net.npz", {"0.b.npy": npy(np.ones(3))} | more)).splitlines()
    assert said[0].endswith("these are not weights of this net")
    assert said[1] == "    10.W: in the file, not in the net"
    assert said[9] == "    and 3 more"


def test_a_number_too_large_for_float32_is_refused(tmp_path):
    path = archive(tmp_path / "net.npz", {"0.b.npy": npy(np.full(4, 1e300))})
    assert "0.b: holds inf at (0,)" in refused(path, small_net(dtype=np.float32))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path):
    path = archive(tmp_path / "net.npz")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("0.W.npy", npy(np.ones((3, 4))))
    assert "0.W: stands twice in the file" in refused(path)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_unpack_without_limit_are_refused(packing, tmp_path):
    assert "packed in another way" in refused(archive(tmp_path / "net.npz", packing=packing))


def test_an_encrypted_member_is_refused(tmp_path):
    path = archive(tmp_path / "net.npz")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "packed in another way" in refused(path)


class Trap:
    """Unpickling this makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (os.fspath(self.path),)


def test_a_pickle_in_the_file_is_never_run(tmp_path):
    trap = npy(np.array([Trap(tmp_path / "sprung")] * 4, dtype=object))
    assert "of pickles: those are never read" in refused(archive(tmp_path / "net.npz", {"0.b.npy": trap}))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY", b"just text", npy(np.ones(3)), b"\x80\x04K\x01."])
def test_what_is_no_archive_is_refused(content, tmp_path):
    (tmp_path / "net.npz").write_bytes(content)
    assert "no .npz file, or a damaged one" in refused(tmp_path / "net.npz")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(OSError):
        load(tmp_path, small_net())


def test_a_file_cut_short_anywhere_is_refused(tmp_path):
    path = tmp_path / "net.npz"
    save(path, small_net())
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert "damaged" in refused(path)


@pytest.mark.parametrize("seed", range(3))
def test_a_file_with_wrong_bytes_is_refused_or_the_same(seed, tmp_path):
    path, draw = tmp_path / "net.npz", random.Random(seed)
    save(path, small_net(seed=0))
    whole, net, kept = path.read_bytes(), small_net(seed=1), 0
    right, before = values(small_net(seed=0)), values(net)
    for _ in range(200):
        spoilt = bytearray(whole)
        spoilt[draw.randrange(len(whole))] = draw.randrange(256)
        path.write_bytes(spoilt)
        try:
            load(path, net)
        except ValueError:
            assert_equal(values(net), before)
        else:  # a byte that means nothing, such as the date
            assert_equal(values(net), right)
            kept += 1
        for p, value in zip(net.params, before, strict=True):
            p.data = value
    assert kept < 100


@pytest.mark.parametrize("claim", [b"(3, 4), }        ", b"(8388608, ), }   "])
def test_a_bomb_takes_no_more_memory_than_the_net_can_need(claim, tmp_path):
    zeros = bytes(64 << 20)
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': " + claim
    path = archive(tmp_path / "net.npz", {"0.W.npy": header(text, zeros)}, zipfile.ZIP_DEFLATED)
    assert os.path.getsize(path) < 100_000
    net = small_net()
    refused(path, net)
    tracemalloc.start()
    try:
        refused(path, net)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_file_far_larger_than_the_net_is_not_opened(tmp_path):
    path = archive(tmp_path / "net.npz")
    os.truncate(path, 1 << 30)
    assert "the file has 1,073,741,824 bytes, and the weights of this net never more than 1,040,416" in refused(path)

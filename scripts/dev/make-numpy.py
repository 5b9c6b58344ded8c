"""Makes Tests/Fixtures/numpy: small .npy and .npz files of every type that ArenaFrame reads, and what is
in them as JSON. Run with numpy 1.26 or 2.x and scipy: python scripts/dev/make-numpy.py"""

import json
import pathlib

import numpy as np
import scipy.sparse as sparse

OUT = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/numpy"
rng = np.random.default_rng(7)
expected = {}


def shown(x):
    """A cell as the tests print it."""
    if isinstance(x, (np.bool_, bool)):
        return "True" if x else "False"
    if isinstance(x, np.datetime64):
        if np.isnat(x):
            return None
        text = str(x.astype("M8[us]")).replace("T", " ")
        return text[:-7] if text.endswith(".000000") else text
    if isinstance(x, (bytes, np.bytes_)):
        return x.decode()
    return str(x)


def save(name, array, version=None):
    with open(OUT / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version, allow_pickle=False)
    if array.ndim == 2:
        expected[name] = [[float(x) for x in row] for row in array.astype("f8").tolist()]
    else:
        cells = array.reshape(-1)
        if array.dtype.kind == "f":
            # Halves and singles are compared as float32.
            wide = "f4" if array.dtype.itemsize <= 4 else "f8"
            expected[name] = [float(x) for x in cells.astype(wide).astype("f8")]
        else:
            expected[name] = [shown(x) for x in cells]


OUT.mkdir(parents=True, exist_ok=True)
for order in "<>":
    for kind in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
        info = np.iinfo(kind)
        top = min(info.max, 2**63 - 1)
        name = f"{'le' if order == '<' else 'be'}_{kind}"
        save(name, np.array([info.min, 0, 1, top], dtype=order + kind))
    for kind in ["f2", "f4", "f8"]:
        values = [0.0, -0.5, 1 / 3, 65504.0, 6.103515625e-05, 5.960464477539063e-08]
        save(f"{'le' if order == '<' else 'be'}_{kind}", np.array(values, dtype=order + kind))
    save(f"{'le' if order == '<' else 'be'}_u", np.array(["", "aé", "😀b", "long enough"], dtype=order + "U11"))
save("bool", np.array([True, False, True]))
save("bytes", np.array([b"", b"ab", "é".encode()], dtype="S3"))
save("scalar", np.array(2.5))
save("empty", np.zeros(0, dtype="f4"))
save("version2", np.arange(3), version=(2, 0))
save("version3", np.arange(3), version=(3, 0))
for unit in ["D", "s", "ms", "us", "ns"]:
    save(f"time_{unit}", np.array(["1969-12-31", "2024-02-29", "NaT"], dtype=f"M8[{unit}]"))
table = rng.normal(size=(4, 3))
save("matrix_c", table)
save("matrix_fortran", np.asfortranarray(table))
save("matrix_f4_be", table.astype(">f4"))
save("matrix_i2", np.array([[1, -2], [3, 4]], dtype="i2"))
save("matrix_bool", np.array([[True, False]]))
np.save(OUT / "objects.npy", np.array([{"a": 1}, None], dtype=object))
np.save(OUT / "records.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
np.save(OUT / "complex.npy", np.array([1j]))
np.save(OUT / "cube.npy", np.zeros((2, 2, 2)))
np.save(OUT / "huge_u8.npy", np.array([2**64 - 1], dtype="u8"))
np.savez(OUT / "stored.npz", a=np.arange(3), b=table)
np.savez_compressed(OUT / "deflated.npz", a=np.arange(3), b=np.array(["x", "yy"]))
matrix = sparse.random(6, 9, density=0.3, random_state=7, format="csr")
matrix.sort_indices()
sparse.save_npz(OUT / "sparse.npz", matrix)
expected["sparse"] = matrix.toarray().tolist()
(OUT / "expected.json").write_text(json.dumps(expected, indent=1))

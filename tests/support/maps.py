"""The data of a map, decoded as the app does."""

import base64
import gzip
import json
import re

import numpy as np

KINDS = {"u8": np.uint8, "i32": np.int32}


class Decoded:
    """A header, and columns by name."""

    def __init__(self, stream):
        length = int.from_bytes(stream[:4], "little")
        self.header = json.loads(stream[4 : 4 + length])
        self.body = stream[4 + length :]
        assert (4 + length) % 8 == 0

    def __getitem__(self, name):
        kind, offset, length = self.header["columns"][name]
        assert offset % 8 == 0
        if kind == "p32":
            planes = np.frombuffer(self.body, np.uint8, 4 * length, offset).reshape(4, length)
            return np.ascontiguousarray(planes.T).view(np.uint32).ravel()
        return np.frombuffer(self.body, KINDS[kind], length, offset)

    def numbers(self, name):
        """The numbers of a column of high words."""
        return (self[name].astype(np.uint64) << np.uint64(32)).view(np.float64)

    def text(self, name):
        """The strings of a column, in order."""
        return [self.header["strings"][number] for number in self[name]]


def decoded(page):
    """The data of a page."""
    found = re.search(r'id="map-data">([^<]*)<', page)[1]
    return Decoded(gzip.decompress(base64.b64decode(found)))

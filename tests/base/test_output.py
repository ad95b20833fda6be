"""Output files: regular ones replaced whole, links followed, pipes and devices written into."""

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from autograd_tools.base import output
from autograd_tools.base.output import ENDING, FixedPath, is_regular, write_bytes

posix = pytest.mark.skipif(os.name != "posix", reason="pipes, links and permissions of POSIX")
descriptors = pytest.mark.skipif(
    not Path("/dev/fd").is_dir(), reason="there are no paths of open files"
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    return path


# Regular files ------------------------------------------------------------------------------------


def test_a_new_file_replaces_the_old_one(path):
    write_bytes(path, b"a long new text")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["a.json"]


@pytest.mark.parametrize("kind", [str, os.fsencode, Path], ids=["str", "bytes", "Path"])
def test_every_kind_of_path_is_taken(path, kind):
    write_bytes(kind(path), b"new")
    assert path.read_bytes() == b"new"


def test_a_failed_write_keeps_the_old_file_only(path, monkeypatch):
    def fails(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match=r"cannot write .*a\.json: disk full"):
        write_bytes(path, b"new")
    assert path.read_text() == "old"
    assert names(path.parent) == ["a.json"]


@posix
@pytest.mark.slow
def test_a_full_disk_keeps_the_old_file_only(path):
    code = (
        "import resource, sys; from autograd_tools.base.output import write_bytes\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_bytes(sys.argv[1], b'x' * 100_000)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.stderr.endswith(f"cannot write {path}: File too large\n")
    assert path.read_text() == "old"
    assert names(path.parent) == ["a.json"]


def test_an_interrupted_write_keeps_the_old_file_only(path, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(path, b"new")
    assert path.read_text() == "old"
    assert names(path.parent) == ["a.json"]


@posix
def test_a_file_keeps_its_permissions(path):
    path.chmod(0o640)
    write_bytes(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives a file to others"
)
def test_a_file_keeps_its_owner(path):
    os.chown(path, 12345, 12346)
    write_bytes(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)


@posix
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    write_bytes(tmp_path / "a.json", b"new")
    (tmp_path / "b.json").write_bytes(b"new")
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "b.json").stat().st_mode


@posix
def test_another_name_of_the_file_keeps_the_old_contents(path):
    os.link(path, path.with_name("backup"))
    write_bytes(path, b"new")
    assert path.with_name("backup").read_text() == "old"


@posix
@pytest.mark.parametrize("code", [errno.EACCES, errno.EBUSY])
def test_a_file_that_cannot_be_replaced_is_overwritten(path, monkeypatch, code):
    def fails(*args, **kwargs):
        raise OSError(code, "in this folder")

    monkeypatch.setattr(os, "replace", fails)
    inode = path.stat().st_ino
    write_bytes(path, b"ne")
    assert path.read_bytes() == b"ne"
    assert path.stat().st_ino == inode
    assert names(path.parent) == ["a.json"]


def test_a_read_only_file_is_refused(path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *args: False)  # root may write all files
    with pytest.raises(PermissionError, match=r"cannot write .*a\.json: the file is read-only"):
        write_bytes(path, b"new")
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ["n" * 255, "\u00e9" * 127, "-o", "a\n\x1b[31m", "~", "%s"])
def test_any_name_can_be_written(tmp_path, name, monkeypatch):
    if os.name != "posix" and not name.isprintable():
        pytest.skip("Windows has no such names")
    monkeypatch.chdir(tmp_path)
    write_bytes(name, b"new")
    assert names(tmp_path) == [name]


# Names that are refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("", FileNotFoundError, "'': expected the name of a file, got an empty one"),
        ("folder", IsADirectoryError, "folder: it is a folder"),
        ("folder/", IsADirectoryError, "folder/: it is a folder"),
        (".", IsADirectoryError, ".: it is a folder"),
        ("new/", FileNotFoundError, "new/: there is no folder new/"),
        ("none/a.json", FileNotFoundError, "none/a.json: there is no folder none"),
        ("x\0y", ValueError, "x\\x00y: embedded null "),
        ("no\n\x1bne/a", FileNotFoundError, "no\\n\\x1bne/a: there is no folder "),
    ],
)
def test_the_error_names_the_file_and_the_reason(tmp_path, monkeypatch, name, kind, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(kind) as caught:
        write_bytes(name, b"new")
    assert str(caught.value).startswith(f"cannot write {reason}")
    assert names(tmp_path) == ["folder"]


@posix
def test_an_error_has_the_number_of_its_reason(tmp_path):
    with pytest.raises(OSError) as caught:
        write_bytes(tmp_path / ("n" * 256), b"new")
    assert caught.value.errno == errno.ENAMETOOLONG


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="a folder in which nobody can write is Linux's"
)
def test_an_error_in_a_read_only_folder_names_the_file():
    with pytest.raises(OSError, match=r"^cannot write /proc/a.json: No such file or directory"):
        write_bytes("/proc/a.json", b"")


def test_a_fixed_path_is_shown_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = FixedPath.of("a.json")
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "b")
    write_bytes(path, b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert str(path) == "a.json"


# Links --------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to no file"])
def test_links_are_followed(tmp_path, there):
    (tmp_path / "data").mkdir()
    target = tmp_path / "data" / "a.json"
    if there:
        target.write_text("old")
    (tmp_path / "data" / "second").symlink_to("a.json")
    (tmp_path / "first").symlink_to("data/second")
    write_bytes(tmp_path / "first", b"new")
    assert (tmp_path / "first").readlink() == Path("data/second")
    assert target.read_bytes() == b"new"
    assert names(tmp_path / "data") == ["a.json", "second"]


@posix
def test_a_circle_of_links_is_an_error(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="a: Too many levels of symbolic links"):
        write_bytes(tmp_path / "a", b"new")


# Pipes, devices and open files --------------------------------------------------------------------


@posix
def test_a_pipe_is_written_into(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_bytes(pipe, b"x" * 200_000)
    reader.join()
    assert read == [b"x" * 200_000]
    assert pipe.is_fifo()
    assert not is_regular(pipe)


@descriptors
def test_an_open_pipe_is_written_into_by_its_number():
    reader, writer = os.pipe()
    write_bytes(f"/dev/fd/{writer}", b"new")
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        assert file.read() == b"new"


@descriptors
def test_a_pipe_without_a_reader_is_an_error_that_names_it():
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError, match=rf"cannot write /dev/fd/{writer}: Broken pipe"):
        write_bytes(f"/dev/fd/{writer}", b"new")
    os.close(writer)


@descriptors
@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_an_open_file_continues_where_it_is(path, folder):
    if not Path(folder).is_dir():
        pytest.skip("only Linux has this folder")
    with path.open("wb", buffering=0) as file:
        file.write(b"before ")
        write_bytes(f"{folder}/{file.fileno()}", b"new")
        file.write(b" after")
    assert path.read_bytes() == b"before new after"
    assert names(path.parent) == ["a.json"]


@descriptors
def test_a_number_that_is_not_open_is_an_error():
    with pytest.raises(OSError, match="cannot write /dev/fd/987: Bad file descriptor"):
        write_bytes("/dev/fd/987", b"new")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="sockets have no files")
def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as own:
        own.bind("socket")
        with pytest.raises(OSError, match="cannot write socket: it is a socket"):
            write_bytes("socket", b"new")


@posix
def test_a_device_is_written_into(tmp_path):
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        device.open("wb").close()
    except OSError:
        pytest.skip("only root makes devices, where its file system allows them")
    write_bytes(device, b"new")
    assert device.is_char_device()
    assert names(tmp_path) == ["null"]


# Temporary files ----------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from autograd_tools.base import output
def wait(*args):
    print(flush=True)
    sys.stdin.read()
def kill(*args):
    os.kill(os.getpid(), signal.SIGKILL)
os.replace = {"kill": kill, "wait": wait}[sys.argv[2]]
output.write_bytes(sys.argv[1], b"other")
"""


@posix
@pytest.mark.slow
def test_the_file_of_a_killed_writer_is_removed(path):
    done = subprocess.run([sys.executable, "-c", KILLED, path, "kill"])
    assert done.returncode == -signal.SIGKILL
    assert len(names(path.parent)) == 2
    assert path.read_text() == "old"
    write_bytes(path, b"new")
    assert names(path.parent) == ["a.json"]


@posix
@pytest.mark.slow
def test_the_file_of_a_writer_that_runs_is_kept(path):
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, path, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    writer.stdout.readline()
    write_bytes(path, b"new")
    assert len(names(path.parent)) == 2
    writer.communicate()
    assert writer.returncode == 0


def test_files_that_only_look_like_temporary_ones_stay(path):
    others = [".a.json.backup", ".b.json.0123" + ENDING, "a.json.x" + ENDING]
    for name in others:
        (path.parent / name).touch()
    write_bytes(path, b"new")
    assert names(path.parent) == sorted([*others, "a.json"])


def test_a_name_that_was_taken_for_litter_is_made_again(path, monkeypatch):
    if output.fcntl is None:
        pytest.skip("Windows does not remove open files")
    taken = []

    def flock(handle, flags):  # another writer was faster once
        if not taken:
            taken.extend(path.parent.glob(".*" + ENDING))
            taken[0].unlink()

    monkeypatch.setattr(output.fcntl, "flock", flock)
    write_bytes(path, b"new")
    assert taken
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["a.json"]


@pytest.mark.slow
def test_writers_at_the_same_time_leave_one_whole_file(tmp_path):
    code = (
        "import sys; from autograd_tools.base.output import write_bytes\n"
        "sys.stdin.read(1)\n"
        "for _ in range(20): write_bytes(sys.argv[1], sys.argv[2].encode() * 300_000)"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path / "a", letter], stdin=subprocess.PIPE
        )
        for letter in "abcdefghijkl"
    ]
    for writer in writers:
        writer.stdin.close()
    assert {writer.wait() for writer in writers} == {0}
    content = (tmp_path / "a").read_bytes()
    assert (len(content), len(set(content))) == (300_000, 1)
    assert names(tmp_path) == ["a"]

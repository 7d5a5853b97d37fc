"""The data directory: made at the first start for its owner alone, and locked by the server that uses it."""

import contextlib
import datetime as dt
import errno
import fcntl
import logging
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chatd import processes
from chatd.errors import AlreadyServed, ConfigurationError

log = logging.getLogger(__name__)

#: HS256 wants a key at least as long as its hash: RFC 7518, section 3.2.
KEY_BYTES = 32

#: The errors of file systems without hard links, as documented in link(2) and given by exFAT, SMB and FUSE; 524 is the
#: kernel's internal ENOTSUPP, which some network file systems leak.
NO_SECOND_NAMES = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES, errno.EMLINK, 524})

KEY_FILE = "signing.key"
KEY_CREDENTIAL = "signing_key"
LOCK_FILE = "chatd.lock"


def prepare(data_dir: Path) -> None:
    """Make the data directory where there is none, and have everything in it made for its owner alone.

    :raises ConfigurationError: it cannot be made or used.
    """
    os.umask(0o077)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"the data directory {data_dir} cannot be made: {error.strerror}") from error
    if not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigurationError(f"the data directory {data_dir} cannot be written to")


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the data directory against every other server.

    :raises AlreadyServed: another server holds it.
    :raises ConfigurationError: its file system has no locks.
    """
    descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        hand_over(data_dir / LOCK_FILE)
        try:
            _lock(descriptor, data_dir, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServed(f"another chatd is already serving from {data_dir}: {_holder(data_dir)}") from None
        with contextlib.suppress(OSError):  # on a full disk the lock holds as well
            os.truncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Wait for every other process that makes or upgrades something in ``directory``, and keep them out.

    :raises ConfigurationError: its file system has no locks.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(descriptor, directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path, how: int) -> None:
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        raise
    except OSError as error:
        raise ConfigurationError(
            f"nothing can be locked in {directory} ({error.strerror}): two servers there would destroy each other's "
            "data, so it must be on a file system with locks, such as that of a local disk"
        ) from error


def _holder(data_dir: Path) -> str:
    """Return who holds the data directory, for a person, as far as this process may know."""
    path = data_dir / LOCK_FILE
    with contextlib.suppress(OSError):
        pid = named_pid(data_dir)
        if pid is not None and Path(f"/proc/{pid}").exists():  # else it is in another container
            return processes.described(pid)
    return f"since {dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC):%Y-%m-%d %H:%M} UTC"


def named_pid(data_dir: Path) -> int | None:
    """Return the process that the lock file names: the last that held the data directory; None where none ever did.

    :raises OSError: it cannot be read.
    """
    try:
        return int((data_dir / LOCK_FILE).read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def server_pid(data_dir: Path) -> int | None:
    """Return the process that holds the data directory; None where none does, or this process may not know."""
    try:
        pid = named_pid(data_dir)
        lock = (data_dir / LOCK_FILE).stat()
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return None
    for descriptor in descriptors:
        with contextlib.suppress(OSError):  # closed meanwhile
            if os.path.samestat(descriptor.stat(), lock):
                return pid
    return None


def has_credential(credentials: str | None) -> bool:
    """Report whether a credential brings the signing key; see :func:`signing_key`."""
    return bool(credentials) and (Path(str(credentials)) / KEY_CREDENTIAL).is_file()


def key_path(data_dir: Path, credentials: str | None = None) -> Path:
    """Return where the signing key is, or will be made; see :func:`signing_key`."""
    if credentials and (credential := Path(credentials) / KEY_CREDENTIAL).is_file():
        return credential
    return data_dir / KEY_FILE


def signing_key(data_dir: Path, credentials: str | None = None) -> bytes:
    """Return the signing key, making it at the first start.

    :param data_dir: where the key file is.
    :param credentials: the directory of systemd's credentials (``$CREDENTIALS_DIRECTORY``); a credential named
        ``signing_key`` in it is used instead of the file.
    :raises ConfigurationError: the key is too short, or readable by others.
    """
    path = key_path(data_dir, credentials)
    if path != data_dir / KEY_FILE:
        return _decoded(path)
    if not path.exists():
        _create(path, secrets.token_bytes(KEY_BYTES))
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        if _has_modes(data_dir):
            raise ConfigurationError(f"{path} can be read by others (mode {mode:04o}): chmod 600 {path}")
        log.warning(
            "%s can be read by others, as its file system has no permissions: mount it with umask=077",
            path,
            extra={"event": "key_readable"},
        )
    return _decoded(path)


def keep_key(data_dir: Path, key: bytes) -> None:
    """Put a signing key into a data directory that has none, or has this one.

    :raises ConfigurationError: it has another one, or none can be made.
    """
    path = data_dir / KEY_FILE
    if not path.exists():
        _create(path, key)
    if _decoded(path) != key:
        raise ConfigurationError(f"{path} is another signing key: put it away first")


def _has_modes(directory: Path) -> bool:
    """Report whether files keep the permissions they are made with; on exFAT or SMB the mount decides."""
    with tempfile.NamedTemporaryFile(dir=directory) as probe:
        return not stat.S_IMODE(os.fstat(probe.fileno()).st_mode) & 0o077


def _decoded(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} is not a signing key in hexadecimal digits") from error
    if len(key) < KEY_BYTES:
        raise ConfigurationError(f"{path} holds a key of {len(key)} bytes, {KEY_BYTES} are needed")
    return key


def _create(path: Path, key: bytes) -> None:
    """Write a key and have it on disk before anything is signed; a key that is already there wins."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with alone(path.parent):
            partial.unlink(missing_ok=True)  # left by a crash; in a container the next process often has the same id
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(key.hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
            hand_over(partial)
            with contextlib.suppress(FileExistsError):
                give_name(partial, path)
    except OSError as error:
        raise ConfigurationError(f"the signing key {path} cannot be made: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def give_name(partial: Path, target: Path) -> None:
    """Give a file that is whole and on disk its final name, unless another file has that already.

    At every moment there is no ``target``, or all of it. On a file system without hard links (exFAT, SMB) this is a
    ``rename``, and two processes that want the same name must be kept apart, as by :func:`alone`.

    :raises FileExistsError: another file has the name.
    """
    try:
        os.link(partial, target)
    except OSError as error:
        if error.errno not in NO_SECOND_NAMES:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        partial.rename(target)
    sync_directory(target.parent)


def hand_over(path: Path) -> None:
    """Give what root makes beside a service's files to the service, which could not open it otherwise."""
    if os.geteuid() == 0:
        owner, given = path.parent.stat(), path.lstat()
        if (owner.st_uid, owner.st_gid) != (given.st_uid, given.st_gid):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def sync_directory(directory: Path) -> None:
    """Make new names in ``directory`` survive a power cut, where its file system can be asked for that."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)

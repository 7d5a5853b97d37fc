/* A disk and a clock that fail on command, put below a program by LD_PRELOAD.
 *
 * FAULTS_DIRECTORY  the directory, absolute and without symbolic links, whose files fail
 * FAULTS_CONTROL    a file of six 64-bit integers that says what fails; see struct control
 * FAULTS_JOURNAL    a directory for what it takes to undo every write to the database since it was synced; may be left out
 *
 * A write is journalled before it is done, so whenever the program is killed the journal undoes at least what the disk need
 * not have. Syncing a file takes a moment and empties its journal. The files are not really synced: the power of the machine
 * does not fail. Longer than 300 lines: it is compiled alone.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Shared with shim.py. */
struct control {
    int64_t sync_error; /* the errno of every sync; 0: it succeeds */
    int64_t full;       /* not 0: no file can grow */
    int64_t clock_ms;   /* how far the wall clock is ahead */
    int64_t link_error; /* the errno of every second name; 0: files may have one */
    int64_t lock_error; /* the errno of every lock; 0: files may be locked */
    int64_t is_open;    /* not 0: everybody may read every file */
};

/* Shared with shim.py; `length` bytes that were at `offset` follow. */
struct undo {
    int64_t offset;
    int64_t length;
    int64_t old_size;
};

#define FILES 4096
#define PATH 4096
#define SYNC_US 5000

enum kind { ELSEWHERE, PLAIN, DATABASE, DIRECTORY };

static struct {
    enum kind kind;
    int journal;
} files[FILES];

static struct control healthy;
static volatile struct control *control = &healthy;
static const char *directory, *journal;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULTS_CONTROL");
    directory = getenv("FAULTS_DIRECTORY");
    journal = getenv("FAULTS_JOURNAL");
    if (path == NULL)
        return;
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    void *page = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        perror("shim: FAULTS_CONTROL");
        abort();
    }
    control = page;
    close(fd);
}

static void must(int is_so, const char *what)
{
    if (!is_so) {
        perror(what);
        abort();
    }
}

/* Return the name of a file in the directory, "" for the directory itself, NULL for anything elsewhere. */
static const char *name_of(const char *path)
{
    size_t size = directory == NULL ? 0 : strlen(directory);
    if (size == 0 || strncmp(path, directory, size) != 0)
        return NULL;
    if (path[size] == '\0')
        return path + size;
    return path[size] == '/' && strchr(path + size + 1, '/') == NULL ? path + size + 1 : NULL;
}

static int is_database(const char *name)
{
    size_t size = strlen(name);
    return strncmp(name, "chatd.db", 8) == 0 && !(size > 4 && strcmp(name + size - 4, "-shm") == 0);
}

static void journal_path(char *path, const char *name, const char *suffix)
{
    must(snprintf(path, PATH, "%s/%s.%s", journal, name, suffix) < PATH, "shim: a long path");
}

static void watch(int fd, const char *path, int is_new)
{
    char place[PATH];
    struct stat found;
    const char *name = name_of(path);
    if (fd < 0 || fd >= FILES)
        return;
    files[fd].kind = ELSEWHERE;
    if (name == NULL || fstat(fd, &found) < 0)
        return;
    if (S_ISDIR(found.st_mode)) {
        files[fd].kind = DIRECTORY;
    } else if (journal == NULL || !is_database(name)) {
        files[fd].kind = PLAIN;
    } else {
        journal_path(place, name, "undo");
        files[fd].journal = syscall(SYS_openat, AT_FDCWD, place, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        must(files[fd].journal >= 0, "shim: cannot journal");
        files[fd].kind = DATABASE;
        if (is_new) {
            journal_path(place, name, "created");
            int created = syscall(SYS_openat, AT_FDCWD, place, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
            must(created >= 0, "shim: cannot journal");
            close(created);
        }
    }
}

static int open_and_watch(int at, const char *path, int flags, mode_t mode)
{
    int saved = errno;
    int is_new = (flags & O_CREAT) && faccessat(at, path, F_OK, 0) < 0;
    errno = saved;
    int fd = syscall(SYS_openat, at, path, flags, mode);
    saved = errno;
    watch(fd, path, is_new);
    if (control->is_open && is_new && fd >= 0 && name_of(path) != NULL)
        syscall(SYS_fchmod, fd, 0777);
    errno = saved;
    return fd;
}

#define OPEN(NAME)                                                                                                        \
    int NAME(const char *path, int flags, ...)                                                                            \
    {                                                                                                                     \
        va_list more;                                                                                                     \
        va_start(more, flags);                                                                                            \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                                           \
        va_end(more);                                                                                                     \
        return open_and_watch(AT_FDCWD, path, flags, mode);                                                               \
    }

#define OPENAT(NAME)                                                                                                      \
    int NAME(int at, const char *path, int flags, ...)                                                                    \
    {                                                                                                                     \
        va_list more;                                                                                                     \
        va_start(more, flags);                                                                                            \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                                           \
        va_end(more);                                                                                                     \
        return open_and_watch(at, path, flags, mode);                                                                     \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

static enum kind kind_of(int fd)
{
    return fd >= 0 && fd < FILES ? files[fd].kind : ELSEWHERE;
}

int close(int fd)
{
    if (kind_of(fd) == DATABASE)
        syscall(SYS_close, files[fd].journal);
    if (fd >= 0 && fd < FILES)
        files[fd].kind = ELSEWHERE;
    return syscall(SYS_close, fd);
}

static int64_t size_of(int fd)
{
    struct stat found;
    must(fstat(fd, &found) == 0, "shim: fstat");
    return found.st_size;
}

/* Write down what is in a file from `start` to `end`. */
static void keep(int fd, int64_t start, int64_t end)
{
    int64_t size = size_of(fd);
    struct undo head = {start, 0, size};
    if (end > size)
        end = size;
    head.length = end > start ? end - start : 0;
    char *record = malloc(sizeof head + head.length);
    must(record != NULL, "shim: malloc");
    memcpy(record, &head, sizeof head);
    int reading = fd;
    must(head.length == 0 || pread(reading, record + sizeof head, head.length, start) == head.length, "shim: pread");
    ssize_t whole = sizeof head + head.length;
    must(syscall(SYS_write, files[fd].journal, record, whole) == whole, "shim: cannot journal");
    free(record);
}

static ssize_t put(int fd, const void *bytes, size_t count, int64_t offset)
{
    enum kind kind = kind_of(fd);
    ssize_t done;
    if (kind == ELSEWHERE || kind == DIRECTORY)
        return syscall(SYS_pwrite64, fd, bytes, count, offset);
    if (control->full && offset + (int64_t)count > size_of(fd)) {
        errno = ENOSPC;
        return -1;
    }
    if (kind != DATABASE)
        return syscall(SYS_pwrite64, fd, bytes, count, offset);
    pthread_mutex_lock(&lock);
    keep(fd, offset, offset + count);
    done = syscall(SYS_pwrite64, fd, bytes, count, offset);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    return put(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset)
{
    return put(fd, bytes, count, offset);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    enum kind kind = kind_of(fd);
    if (kind != PLAIN && kind != DATABASE)
        return syscall(SYS_write, fd, bytes, count);
    int64_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = put(fd, bytes, count, offset);
    if (done > 0)
        lseek(fd, offset + done, SEEK_SET);
    return done;
}

static int resize(int fd, int64_t size)
{
    int done;
    if (kind_of(fd) != DATABASE)
        return syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&lock);
    keep(fd, size, INT64_MAX);
    done = syscall(SYS_ftruncate, fd, size);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t size)
{
    return resize(fd, size);
}

int ftruncate64(int fd, off_t size)
{
    return resize(fd, size);
}

static void forget_created(void)
{
    static const char *names[] = {"chatd.db", "chatd.db-wal", "chatd.db-journal"};
    char place[PATH];
    for (size_t index = 0; journal != NULL && index < sizeof names / sizeof *names; index++) {
        journal_path(place, names[index], "created");
        syscall(SYS_unlinkat, AT_FDCWD, place, 0);
    }
}

static int sync_file(int fd, long number)
{
    enum kind kind = kind_of(fd);
    if (kind == ELSEWHERE)
        return syscall(number, fd);
    if (control->sync_error) {
        errno = control->sync_error;
        return -1;
    }
    if (journal != NULL)
        usleep(SYNC_US); /* so that a program is often killed just then */
    pthread_mutex_lock(&lock);
    if (kind == DATABASE)
        must(syscall(SYS_ftruncate, files[fd].journal, 0) == 0, "shim: cannot journal");
    if (kind == DIRECTORY)
        forget_created();
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd)
{
    return sync_file(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_file(fd, SYS_fdatasync);
}

/* What is deleted stays deleted, and with it what would undo it. */
int unlink(const char *path)
{
    char place[PATH];
    const char *name = name_of(path);
    if (name != NULL && journal != NULL && is_database(name)) {
        journal_path(place, name, "undo");
        syscall(SYS_unlinkat, AT_FDCWD, place, 0);
        journal_path(place, name, "created");
        syscall(SYS_unlinkat, AT_FDCWD, place, 0);
    }
    return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int link(const char *from, const char *to)
{
    if (control->link_error && name_of(to) != NULL) {
        errno = control->link_error;
        return -1;
    }
    return syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int flock(int fd, int how)
{
    if (control->lock_error && kind_of(fd) != ELSEWHERE) {
        errno = control->lock_error;
        return -1;
    }
    return syscall(SYS_flock, fd, how);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, time);
    if (done == 0 && clock == CLOCK_REALTIME)
        time->tv_sec += control->clock_ms / 1000;
    return done;
}

int gettimeofday(struct timeval *time, void *zone)
{
    struct timespec now;
    (void)zone;
    int done = clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return done;
}

time_t time(time_t *place)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (place != NULL)
        *place = now.tv_sec;
    return now.tv_sec;
}

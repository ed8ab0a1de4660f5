/* A witness under a program: what it does to the files of one folder, in order, and errors on demand.
 *
 * Loaded by LD_PRELOAD (tests/crash_states/disk.py). Every call that changes a file under KIOSK_DISK_FOLDER is counted, written to
 * KIOSK_DISK_LOG if that is given, and refused while the counters shared in KIOSK_DISK_CONTROL say so.
 * A record: kind, number of the file, offset, length of what follows; then that: bytes, a path, or two paths.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 4096

struct control {
    int64_t calls, syncs, bytes;      /* so far */
    int64_t fail_from, fail_until;    /* calls of these numbers fail; the first bytes of a write may get through */
    int64_t error, partly;
};
struct record {
    uint32_t kind, file;
    int64_t offset, length;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct control *control, none;
static const char *folder;
static int log_fd = -1;
static uint32_t next_file = 1, file_of[FILES]; /* 0: not ours */

#define REAL(name) ({ static typeof(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("KIOSK_DISK_CONTROL"), *log = getenv("KIOSK_DISK_LOG");
    int fd = path ? REAL(open)(path, O_RDWR | O_CLOEXEC) : -1;
    folder = getenv("KIOSK_DISK_FOLDER");
    control = &none;
    if (fd >= 0) {
        void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) control = map;
        REAL(close)(fd);
    }
    if (log) log_fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int ours(const char *path) {
    size_t n = folder ? strlen(folder) : 0;
    return n && !strncmp(path, folder, n) && path[n] == '/';
}

static void note(char kind, uint32_t file, int64_t offset, const void *data, int64_t length) {
    struct record r = {(uint32_t)kind, file, offset, length};
    if (log_fd < 0) return;
    if (REAL(write)(log_fd, &r, sizeof r) != sizeof r || REAL(write)(log_fd, data, (size_t)length) != length) abort();
}

/* Count a call; tell whether it fails. Called with the lock held, as is everything above. */
static int fails(void) {
    int64_t n = control->calls++;
    if (n < control->fail_from || n >= control->fail_until) return 0;
    errno = (int)control->error;
    return 1;
}

static uint32_t number(int fd) { return fd >= 0 && fd < FILES ? file_of[fd] : 0; }

static ssize_t put(int fd, const void *data, size_t length, off_t at, int placed) {
    ssize_t done = -1;
    pthread_mutex_lock(&lock);
    int failing = fails(), error = errno;
    if (failing && control->partly && length > 1) {
        control->partly = 0;
        length /= 2;
        failing = 0;
    }
    if (!failing) {
        done = placed ? REAL(pwrite)(fd, data, length, at) : REAL(write)(fd, data, length);
        error = errno;
    }
    if (done > 0) {
        if (!placed) at = lseek(fd, 0, SEEK_CUR) - done;
        control->bytes += done;
        note('w', number(fd), at, data, done);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) {
    return number(fd) ? put(fd, data, length, 0, 0) : REAL(write)(fd, data, length);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
    return number(fd) ? put(fd, data, length, at, 1) : REAL(pwrite)(fd, data, length, at);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { return pwrite(fd, data, length, at); }

static int settle(int fd, int (*real)(int)) {
    int result = -1;
    if (!number(fd)) return real(fd);
    pthread_mutex_lock(&lock);
    if (!fails() && (result = real(fd)) == 0) {
        control->syncs++;
        note('s', number(fd), 0, "", 0);
    }
    pthread_mutex_unlock(&lock);
    return result;
}
int fsync(int fd) { return settle(fd, REAL(fsync)); }
int fdatasync(int fd) { return settle(fd, REAL(fdatasync)); }

int ftruncate(int fd, off_t length) {
    int result = -1;
    if (!number(fd)) return REAL(ftruncate)(fd, length);
    pthread_mutex_lock(&lock);
    if (!fails() && (result = REAL(ftruncate)(fd, length)) == 0) note('t', number(fd), length, "", 0);
    pthread_mutex_unlock(&lock);
    return result;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

/* Opening changes something where it makes a file; on a file system that is read-only, wherever it is for writing. */
static int opened(const char *path, int flags, mode_t mode) {
    struct stat seen;
    int fd = -1;
    if (!ours(path)) return REAL(open)(path, flags, mode);
    pthread_mutex_lock(&lock);
    int is_new = stat(path, &seen) != 0;
    int changes = (flags & O_ACCMODE) != O_RDONLY && (is_new || control->error == EROFS);
    if (!changes || !fails()) fd = REAL(open)(path, flags, mode);
    if (fd >= 0 && fd < FILES) {
        file_of[fd] = next_file++;
        note('o', file_of[fd], is_new || (flags & O_TRUNC), path, (int64_t)strlen(path));
    }
    pthread_mutex_unlock(&lock);
    return fd;
}
#define MODE(flags) ({ mode_t m = 0; va_list l; va_start(l, flags); if ((flags) & O_CREAT) m = va_arg(l, mode_t); va_end(l); m; })
int open(const char *path, int flags, ...) { return opened(path, flags, MODE(flags)); }
int open64(const char *path, int flags, ...) { return opened(path, flags, MODE(flags)); }

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FILES) file_of[fd] = 0;
    pthread_mutex_unlock(&lock);
    return REAL(close)(fd);
}

static int named(char kind, const char *path, const char *to, int (*act)(const char *, const char *)) {
    char both[2 * PATH_MAX];
    int result = -1;
    if (!ours(path)) return act(path, to);
    size_t length = strlen(path), more = to ? strlen(to) + 1 : 0;
    memcpy(both, path, length + 1);
    if (to) memcpy(both + length + 1, to, more);
    pthread_mutex_lock(&lock);
    if (!fails() && (result = act(path, to)) == 0) note(kind, 0, 0, both, (int64_t)(length + more));
    pthread_mutex_unlock(&lock);
    return result;
}
static int really_unlink(const char *path, const char *to) { (void)to; return REAL(unlink)(path); }
static int really_rename(const char *path, const char *to) { return REAL(rename)(path, to); }
int unlink(const char *path) { return named('u', path, NULL, really_unlink); }
int rename(const char *path, const char *to) { return named('r', path, to, really_rename); }

/* Opens SQLite databases with another psow than the program asks for, where KIOSK_DISK_PSOW gives one: for controls. */
int sqlite3_open_v2(const char *name, void **database, int flags, const char *vfs) {
    /* Python loads SQLite out of sight of RTLD_NEXT. */
    void *sqlite = dlopen("libsqlite3.so.0", RTLD_LAZY | RTLD_NOLOAD);
    int (*real)(const char *, void **, int, const char *) = sqlite ? dlsym(sqlite, "sqlite3_open_v2") : NULL;
    if (!real) return 14; /* SQLITE_CANTOPEN */
    const char *psow = getenv("KIOSK_DISK_PSOW");
    char changed[PATH_MAX];
    if (psow && strlen(name) < sizeof changed) {
        strcpy(changed, name);
        char *at = strstr(changed, "psow=");
        if (at) at[5] = psow[0];
        name = changed;
    }
    return real(name, database, flags, vfs);
}

/* Makes single calls fail with the error in an environment variable, as on a file system that does not support them, and
   ends a run after the files that it has renamed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int is_refused(const char *call) {
    const char *error = getenv(call);
    if (!error) return 0;
    errno = atoi(error);
    return 1;
}

static int folder_syncs = 0;

static int is_last_sync(const char *variable) {
    const char *last = getenv(variable);
    return last && atoi(last) == folder_syncs;
}

/* A folder is synced once after each file that is renamed in it. */
static const char *sync_of(int file) {
    struct stat found;
    if (fstat(file, &found) != 0 || !S_ISDIR(found.st_mode)) return "REFUSE_FILE_SYNC";
    folder_syncs++;
    if (is_last_sync("KILL_AFTER_RENAMES")) raise(SIGKILL);
    return is_last_sync("FAIL_AFTER_RENAMES") ? "FAIL_WITH" : "REFUSE_FOLDER_SYNC";
}

/* One file cannot be removed: that whose path ends with the text in the variable. */
static const char *removal_of(const char *path) {
    const char *kept = getenv("KEPT_FILE");
    if (!kept || strlen(path) < strlen(kept)) return "REFUSE_REMOVAL";
    return strcmp(path + strlen(path) - strlen(kept), kept) == 0 ? "KEPT_WITH" : "REFUSE_REMOVAL";
}

#define ONE(name, call, parameter, argument)                     \
    int name parameter {                                         \
        int (*next) parameter;                                   \
        if (is_refused(call)) return -1;                         \
        *(void **)&next = dlsym(RTLD_NEXT, #name);               \
        return next argument;                                    \
    }

ONE(fsync, sync_of(file), (int file), (file))
ONE(fdatasync, sync_of(file), (int file), (file))
ONE(flock, "REFUSE_LOCK", (int file, int how), (file, how))
ONE(rename, "REFUSE_RENAME", (const char *from, const char *to), (from, to))
ONE(unlink, removal_of(path), (const char *path), (path))
ONE(ftruncate64, "REFUSE_TRUNCATE", (int file, off64_t length), (file, length))
ONE(fchmod, "REFUSE_MODE", (int file, mode_t mode), (file, mode))

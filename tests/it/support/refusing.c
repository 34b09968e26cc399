/* Makes single calls fail with the error in an environment variable, as on a file system that does not support them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static int is_refused(const char *call) {
    const char *error = getenv(call);
    if (!error) return 0;
    errno = atoi(error);
    return 1;
}

static const char *sync_of(int file) {
    struct stat found;
    return fstat(file, &found) == 0 && S_ISDIR(found.st_mode) ? "REFUSE_FOLDER_SYNC" : "REFUSE_FILE_SYNC";
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
ONE(fchmod, "REFUSE_MODE", (int file, mode_t mode), (file, mode))

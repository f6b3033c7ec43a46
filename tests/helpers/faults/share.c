/* Preloaded: below the folder $SHARE files cannot be locked, or not be mapped to be shared, as on some shares.
   $LOCKS and $MAPS are the numbers of the errors to answer with; unset, the system answers. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int refused(int file, const char *which)
{
    const char *share = getenv("SHARE"), *number = getenv(which);
    char link[64], path[PATH_MAX];
    if (share == NULL || number == NULL || file < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path);
    if (length < (ssize_t)strlen(share) || strncmp(path, share, strlen(share)) != 0)
        return 0;
    errno = atoi(number);
    return 1;
}

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static int control(typeof(&fcntl) next, int file, int command, void *argument)
{
    int locks = command == F_SETLK || command == F_SETLKW || command == F_GETLK;
    return locks && refused(file, "LOCKS") ? -1 : next(file, command, argument);
}

int fcntl(int file, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control(NEXT(fcntl), file, command, argument);
}

int fcntl64(int file, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control(NEXT(fcntl64), file, command, argument);
}

int flock(int file, int operation)
{
    return refused(file, "LOCKS") ? -1 : ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(file, operation);
}

void *mmap(void *start, size_t length, int access, int flags, int file, off_t offset)
{
    return flags & MAP_SHARED && refused(file, "MAPS")
        ? MAP_FAILED
        : NEXT(mmap)(start, length, access, flags, file, offset);
}

void *mmap64(void *start, size_t length, int access, int flags, int file, off64_t offset)
{
    return flags & MAP_SHARED && refused(file, "MAPS")
        ? MAP_FAILED
        : NEXT(mmap64)(start, length, access, flags, file, offset);
}

/* An SQLite that was built without SQLITE_SECURE_DELETE, below a program that may have one built with it: every
 * connection begins with the setting off. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

typedef int open_function(const char *, void **, int, const char *);
typedef int exec_function(void *, const char *, void *, void *, void *);

static void *original(const char *name) {
    void *library = dlopen("libsqlite3.so.0", RTLD_LAZY | RTLD_NOLOAD);
    void *found = library == NULL ? NULL : dlsym(library, name);
    if (found == NULL) abort();
    return found;
}

int sqlite3_open_v2(const char *path, void **db, int flags, const char *vfs) {
    int code = ((open_function *)original("sqlite3_open_v2"))(path, db, flags, vfs);
    if (code == 0) ((exec_function *)original("sqlite3_exec"))(*db, "PRAGMA secure_delete = OFF", NULL, NULL, NULL);
    return code;
}

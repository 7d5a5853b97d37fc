/* Which share of a core the generator takes, and which the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "run.h"

double took, own_share, server_share;

static uint64_t began;
static double began_own, began_server;

static double own_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double server_seconds(void)
{
    double total = 0;
    for (const char *pid = options.pid; *pid; pid += strcspn(pid, ","), pid += *pid == ',') {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/stat", atoi(pid));
        char *text = read_file(path), *name_end = strrchr(text, ')');
        unsigned long user = 0, system = 0;
        if (!name_end || sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
            fail("cannot read %s", path);
        total += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
        free(text);
    }
    return total;
}

void begin_counting(void)
{
    counts = true;
    began = now_us();
    began_own = own_seconds();
    began_server = server_seconds();
}

void end_counting(void)
{
    took = (double)(now_us() - began) / 1e6;
    own_share = (own_seconds() - began_own) / took;
    server_share = (server_seconds() - began_server) / took;
    counts = sends = false;
}

#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

#include "load.h"

void add_sample(Samples *samples, uint64_t us)
{
    if (samples->count == samples->room) {
        samples->room = samples->room ? samples->room * 2 : 1 << 16;
        samples->us = realloc(samples->us, samples->room * sizeof *samples->us);
        if (!samples->us)
            fail("out of memory");
    }
    samples->us[samples->count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int compare(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

void print_samples(const char *name, Samples *samples)
{
    if (!samples->count)
        return;
    qsort(samples->us, samples->count, sizeof *samples->us, compare);
    size_t last = samples->count - 1;
    double sum = 0;
    for (size_t at = 0; at <= last; at++)
        sum += samples->us[at];
    printf(", \"%s\": {\"count\": %zu, \"mean\": %.1f, \"p50\": %u, \"p90\": %u, \"p99\": %u, \"p999\": %u, \"max\": %u}",
           name, samples->count, sum / (double)samples->count, samples->us[last / 2], samples->us[last * 9 / 10],
           samples->us[last * 99 / 100], samples->us[last * 999 / 1000], samples->us[last]);
}

/* Samples of times, and what they say. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t *us;
    size_t count, room;
} Samples;

void add_sample(Samples *, uint64_t us);
/* Prints `, "name": {"count": …, "p50": …}` in microseconds, or nothing where there are no samples. */
void print_samples(const char *name, Samples *);

#endif

/* What messages say, and how it is found again. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "load.h"

/* "~" and ten digits, then words: CONTENT_SIZE bytes in all, of a length that people write. */
static char text[CONTENT_SIZE + 1] = "~0000000000 the quick brown fox jumps over the lazy dog, twice";

const char *content(uint32_t number)
{
    static bool is_padded;
    if (!is_padded) {
        size_t size = strlen(text);
        memset(text + size, '.', CONTENT_SIZE - size);
        is_padded = true;
    }
    for (int place = 10; place >= 1; place--, number /= 10)
        text[place] = (char)('0' + number % 10);
    return text;
}

bool find_number(const char *data, size_t size, uint32_t *number)
{
    const char *found = memchr(data, '~', size);
    if (!found || (size_t)(data + size - found) < 11)
        return false;
    *number = 0;
    for (int place = 1; place <= 10; place++)
        *number = *number * 10 + (uint32_t)(found[place] - '0');
    return true;
}

bool starts_with(const char *data, size_t size, const char *prefix)
{
    size_t wanted = strlen(prefix);
    return size >= wanted && !memcmp(data, prefix, wanted);
}

bool find_after(const char *data, size_t size, const char *before, uint32_t *number)
{
    const char *found = memmem(data, size, before, strlen(before));
    if (!found)
        return false;
    found += strlen(before);
    const char *end = data + size;
    if (found == end || *found < '0' || *found > '9')
        return false;
    *number = 0;
    while (found < end && *found >= '0' && *found <= '9')
        *number = *number * 10 + (uint32_t)(*found++ - '0');
    return true;
}

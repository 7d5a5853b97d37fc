/* Files that are read: accounts, requests, and what /proc says. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

Account *accounts;
size_t account_count;

char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail("cannot read %s", path);
    Buffer buffer = {0};
    char part[65536];
    size_t got;
    while ((got = fread(part, 1, sizeof part, file)))
        put(&buffer, part, got);
    fclose(file);
    put(&buffer, "", 1);
    return buffer.data;
}

void read_accounts(const char *path)
{
    size_t room = 0;
    for (char *line = strtok(read_file(path), "\n"); line; line = strtok(NULL, "\n")) {
        if (account_count == room) {
            room = room ? room * 2 : 1024;
            accounts = realloc(accounts, room * sizeof *accounts);
        }
        Account *account = &accounts[account_count++];
        account->id = strsep(&line, " ");
        account->name = strsep(&line, " ");
        account->token = line;
        if (!account->token)
            fail("an account is a line of id, name and token");
    }
}

void read_requests(const char *path, Requests *into)
{
    char *data = read_file(path), *end = data;
    while (*end) {
        size_t size = strtoul(end, &data, 10);
        if (data == end || *data != '\n')
            fail("%s: a request begins with its size", path);
        into->all = realloc(into->all, (into->count + 1) * sizeof *into->all);
        into->all[into->count++] = (Request){data + 1, size};
        end = data + 1 + size;
    }
    if (!into->count)
        fail("%s: there are no requests", path);
}
